import { useCallback, useEffect, useState } from 'react';
import { readLocation, writeLocation, type PageState } from './state';

export type Change = (part: Partial<PageState> | ((before: PageState) => Partial<PageState>)) => void;

/** The page's state, in step with the address; and how to change a part of it. */
export function usePageState(): [PageState, Change] {
  const [state, setState] = useState(readLocation);
  const change = useCallback<Change>(
    (part) => setState((before) => ({ ...before, ...(typeof part === 'function' ? part(before) : part) })),
    [],
  );
  useEffect(() => writeLocation(state), [state]);
  useEffect(() => {
    const back = () => setState(readLocation());
    window.addEventListener('popstate', back);
    return () => window.removeEventListener('popstate', back);
  }, []);
  return [state, change];
}
