import { useEffect, type Dispatch } from 'preact/hooks';
import type { PageState } from './page';
import { isStep, readQuery, writeQuery } from './permalink';
import type { Action } from './reducer';

/** Keep the address and the state in step, in both directions. */
export function useAddress(page: PageState, dispatch: Dispatch<Action>): void {
  useEffect(() => {
    const url = new URL(window.location.href);
    const before = url.search;
    url.search = writeQuery(page);
    if (url.href === window.location.href) return;
    if (isStep(before, url.search)) window.history.pushState(null, '', url);
    else window.history.replaceState(null, '', url);
  }, [page]);
  useEffect(() => {
    const back = () => dispatch({ type: 'addressChanged', page: readQuery(window.location.search) });
    window.addEventListener('popstate', back);
    return () => window.removeEventListener('popstate', back);
  }, [dispatch]);
}
