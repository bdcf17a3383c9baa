// The state of the page that the address holds: ?tile= and the search. The map's position is in the hash, kept by MapLibre.

import { METHODS, type Method, type Search } from './api';

export interface PageState {
  tileId: number | null;
  search: Search;
}

export const DEFAULT_SEARCH: Search = {
  k: 20,
  method: 'mean',
  exclude_within_m: 0,
  exclude_same_city: true,
  max_per_city: null,
};

export function readLocation(): PageState {
  const values = new URLSearchParams(window.location.search);
  const number = (name: string, fallback: number) => {
    const text = values.get(name);
    const value = text === null ? NaN : Number(text);
    return Number.isSafeInteger(value) && value >= 0 ? value : fallback;
  };
  const method = values.get('method');
  return {
    tileId: number('tile', -1) < 0 ? null : number('tile', -1),
    search: {
      k: number('k', DEFAULT_SEARCH.k),
      method: METHODS.includes(method as Method) ? (method as Method) : DEFAULT_SEARCH.method,
      exclude_within_m: number('exclude_within_m', DEFAULT_SEARCH.exclude_within_m),
      exclude_same_city: values.get('exclude_same_city') !== 'false',
      max_per_city: number('max_per_city', 0) || null,
    },
  };
}

/** Puts the state into the address: a new history entry for a new tile, so that "back" goes to the tile before. */
export function writeLocation({ tileId, search }: PageState): void {
  const url = new URL(window.location.href);
  const before = url.searchParams.get('tile');
  url.search = '';
  if (tileId !== null) url.searchParams.set('tile', String(tileId));
  for (const [name, value] of Object.entries(search)) {
    if (value !== null && value !== DEFAULT_SEARCH[name as keyof Search]) url.searchParams.set(name, String(value));
  }
  if (url.href === window.location.href) return;
  const isNewTile = url.searchParams.get('tile') !== before;
  window.history[isNewTile ? 'pushState' : 'replaceState'](null, '', url);
}
