// What belongs to the user and not to the address: light or dark, and tokens of imagery providers. Kept in this browser only.

import { useSyncExternalStore } from 'preact/compat';
import { useCallback } from 'preact/hooks';

export const SCHEMES = ['system', 'light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Stored values by key. They outlive a browser that refuses storage (private windows) until the page is closed. */
const values = new Map<string, string>();
const listeners = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

function read(key: string): string {
  const known = values.get(key);
  if (known !== undefined) return known;
  let stored = '';
  try {
    stored = window.localStorage.getItem(key) ?? '';
  } catch {
    // The browser refuses storage.
  }
  values.set(key, stored);
  return stored;
}

function write(key: string, value: string): void {
  values.set(key, value);
  try {
    if (value) window.localStorage.setItem(key, value);
    else window.localStorage.removeItem(key);
  } catch {
    // The browser refuses storage.
  }
  listeners.forEach((changed) => changed());
}

/** Return a text that this browser keeps, and a function that sets it. All components that use a name share the value. */
export function useStored(name: string): [string, (value: string) => void] {
  const key = `terrakin.${name}`;
  const value = useSyncExternalStore(subscribe, () => read(key));
  const store = useCallback((text: string) => write(key, text), [key]);
  return [value, store];
}

const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

function subscribeToSystem(changed: () => void): () => void {
  prefersDark.addEventListener('change', changed);
  return () => prefersDark.removeEventListener('change', changed);
}

/** Return the chosen colour scheme, whether it makes the page dark, and a function that chooses another. */
export function useScheme(): { scheme: Scheme; isDark: boolean; setScheme: (scheme: Scheme) => void } {
  const [stored, store] = useStored('scheme');
  const isSystemDark = useSyncExternalStore(subscribeToSystem, () => prefersDark.matches);
  const scheme = SCHEMES.find((name) => name === stored) ?? 'system';
  const isDark = scheme === 'system' ? isSystemDark : scheme === 'dark';
  return { scheme, isDark, setScheme: (name) => store(name === 'system' ? '' : name) };
}
