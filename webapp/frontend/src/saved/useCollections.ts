import { useCallback, useMemo } from 'preact/hooks';
import { useStored } from '../state/preferences';
import { readCollections, type Collections } from './collections';

/** Return the collections that this browser keeps, and a function that changes them. */
export function useCollections(): [Collections, (next: Collections) => void] {
  const [text, store] = useStored('collections');
  const collections = useMemo(() => readCollections(text), [text]);
  return [collections, useCallback((next: Collections) => store(JSON.stringify(next)), [store])];
}
