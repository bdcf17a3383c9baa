import { useCallback } from 'preact/hooks';
import type { Search } from '../api/types';
import { usePage } from '../state/PageProvider';

/** Return the settings of the search, and a function that changes some of them. */
export function useSearch(): { search: Search; change: (part: Partial<Search>) => void } {
  const { state, dispatch } = usePage();
  const change = useCallback((part: Partial<Search>) => dispatch({ type: 'searchChanged', part }), [dispatch]);
  return { search: state.page.search, change };
}
