import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';

/** Return a reference to the value of the last render, for callbacks that outlive it. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  latest.current = value;
  return latest;
}
