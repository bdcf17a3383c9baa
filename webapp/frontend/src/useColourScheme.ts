import { useSyncExternalStore } from 'react';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function subscribe(changed: () => void): () => void {
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}

/** Whether the user prefers a dark page. */
export const useIsDark = (): boolean => useSyncExternalStore(subscribe, () => dark.matches);
