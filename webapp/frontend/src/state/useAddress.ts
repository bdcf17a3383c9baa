import { useEffect, useRef, type Dispatch } from 'preact/hooks';
import { addressed } from './opening';
import type { PageState } from './page';
import { isStep, readQuery, writeQuery } from './permalink';
import type { Action } from './actions';

/** Keep the address and the state in step, in both directions. */
export function useAddress(page: PageState, startId: number | null, dispatch: Dispatch<Action>): void {
  const previous = useRef(page);
  useEffect(() => {
    const before = writeQuery(previous.current);
    previous.current = page;
    const url = new URL(window.location.href);
    url.search = writeQuery(addressed(page, startId));
    if (url.href === window.location.href) return;
    if (isStep(before, writeQuery(page))) window.history.pushState(null, '', url);
    else window.history.replaceState(null, '', url);
  }, [page, startId]);
  useEffect(() => {
    const back = () => dispatch({ type: 'addressChanged', page: readQuery(window.location.search) });
    window.addEventListener('popstate', back);
    return () => window.removeEventListener('popstate', back);
  }, [dispatch]);
}
