import { expect, test } from 'vitest';
import { DEFAULT_SEARCH } from '../state/page';
import { summaryOf } from './summary';

test('default settings are not listed', () => expect(summaryOf(DEFAULT_SEARCH)).toEqual([]));

test('changed settings are listed', () => {
  const search = { ...DEFAULT_SEARCH, k: 1, exclude_within_m: 1500000, min_similarity: 0, origin: 'any' as const, continents: ['Asia'], exclude_countries: ['JP', 'IN'] };
  expect(summaryOf(search)).toEqual(['1 match', 'not within 1500 km', 'similarity from 0', 'real and synthetic', 'Asia', 'not JP', 'not IN']);
});

test('settings of the other unit are not listed', () => {
  const search = { ...DEFAULT_SEARCH, method: 'dominant' as const, max_per_tile: 3 };
  expect(summaryOf(search)).toEqual(['dominant']);
  expect(summaryOf({ ...search, unit: 'block' })).toEqual(['3 per tile']);
});
