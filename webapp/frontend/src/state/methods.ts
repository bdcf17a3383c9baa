import type { Method } from '../api/types';

/** Every method of the API and what it compares. */
export const METHOD_NAMES: Record<Method, string> = {
  mean: 'the whole tile (mean)',
  mean_std: 'content and texture (mean_std)',
  std: 'texture: what varies in the tile (std)',
  dominant: 'its largest cluster (dominant)',
  median: 'median of its patches',
  min: 'minimum of its patches',
  max: 'maximum of its patches',
};

export const METHODS = Object.keys(METHOD_NAMES) as Method[];
