import { expect, test } from 'vitest';
import { loadedOrigin } from './origin';

test.each([
  [0, 0, null],
  [5, 0, 'real'],
  [5, 5, 'synthetic'],
  [5, 2, 'any'],
] as const)('%i tiles, %i of them synthetic: %s', (n_tiles, n_synthetic_tiles, origin) => {
  expect(loadedOrigin({ n_tiles, n_synthetic_tiles })).toBe(origin);
});
