// Where the pixels of a tile come from: a satellite, or a generator of demonstration data.

import type { Encoder, Origin } from '../api/types';

/** What each value of the filter is called in its field, and in the question. */
export const ORIGIN_NAMES: Record<Origin, { label: string; phrase: string }> = {
  real: { label: 'Real', phrase: 'real only' },
  synthetic: { label: 'Synthetic', phrase: 'synthetic only' },
  any: { label: 'Both', phrase: 'real and synthetic' },
};

export const ORIGINS = Object.keys(ORIGIN_NAMES) as Origin[];

/** Return the origin of all tiles that are loaded, any if there are both; null without tiles. */
export function loadedOrigin({ n_tiles, n_synthetic_tiles }: Pick<Encoder, 'n_tiles' | 'n_synthetic_tiles'>): Origin | null {
  if (n_tiles === 0) return null;
  if (n_synthetic_tiles === 0) return 'real';
  return n_synthetic_tiles === n_tiles ? 'synthetic' : 'any';
}
