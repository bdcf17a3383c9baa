// What belongs to the user and not to the address: light or dark, and tokens of imagery providers. Kept in this browser alone.

import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';

export const SCHEMES = ['system', 'light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

function subscribe(changed: () => void): () => void {
  prefersDark.addEventListener('change', changed);
  return () => prefersDark.removeEventListener('change', changed);
}

/** A text kept in this browser; where it keeps nothing (private windows), as long as the page. */
export function useStored(name: string): [string, (value: string) => void] {
  const key = `terrakin.${name}`;
  const [value, setValue] = useState(() => read(key));
  const store = useCallback(
    (text: string) => {
      setValue(text);
      try {
        if (text) window.localStorage.setItem(key, text);
        else window.localStorage.removeItem(key);
      } catch {
        // Storage is refused: the value lasts as long as the page.
      }
    },
    [key],
  );
  return [value, store];
}

function read(key: string): string {
  try {
    return window.localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

/** The chosen scheme, whether the page is dark by it, and how to choose another. */
export function useScheme(): { scheme: Scheme; isDark: boolean; setScheme: (scheme: Scheme) => void } {
  const [stored, store] = useStored('scheme');
  const isSystemDark = useSyncExternalStore(subscribe, () => prefersDark.matches);
  const scheme = SCHEMES.find((name) => name === stored) ?? 'system';
  const isDark = scheme === 'system' ? isSystemDark : scheme === 'dark';
  useEffect(() => {
    document.documentElement.dataset.scheme = isDark ? 'dark' : 'light';
  }, [isDark]);
  return { scheme, isDark, setScheme: (name) => store(name === 'system' ? '' : name) };
}
