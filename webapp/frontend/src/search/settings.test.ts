import { expect, test } from 'vitest';
import type { Search } from '../api/types';
import { DEFAULT_SEARCH } from '../state/page';
import { isAnywhere, settingsOf } from './settings';

const AREA = { type: 'Polygon' as const, coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }; // prettier-ignore
const page = (search: Partial<Search>) => ({ search: { ...DEFAULT_SEARCH, ...search }, positive: [] as number[], area: null, areaUse: 'within' as const });
const texts = (search: Partial<Search>) => settingsOf(page(search)).map(({ text }) => text);

test('by default matches lie in other cities', () => expect(texts({})).toEqual(['in other cities']));

test('examples and areas are searched for everywhere', () => {
  expect(settingsOf({ ...page({}), positive: [1] })).toEqual([]);
  expect(settingsOf({ ...page({}), area: AREA, areaUse: 'like' })).toEqual([]);
});

test('settings that differ from the defaults are stated', () => {
  const search = { exclude_same_city: false, exclude_within_m: 1_500_000, min_similarity: 0, origin: 'any' as const, continents: ['Asia'], exclude_countries: ['JP', 'IN'] };
  expect(texts(search)).toEqual(['farther than 1,500 km', 'only in Asia', 'except Japan, India', 'similarity at least 0', 'real and synthetic']);
});

test('settings of the other unit are not stated', () => {
  const search = { exclude_same_city: false, method: 'median' as const, max_per_tile: 3 };
  expect(texts(search)).toEqual(['by median of its patches']);
  expect(texts({ ...search, unit: 'block' })).toEqual(['3 per tile']);
});

test('without a setting the search no longer states it', () => {
  const changed = page({ exclude_within_m: 5000, countries: ['PT'], max_per_city: 1, min_similarity: 0.5, method: 'dominant' });
  for (const { text, without } of settingsOf(changed)) {
    expect(settingsOf({ ...changed, search: { ...changed.search, ...without } }).map((setting) => setting.text)).not.toContain(text);
  }
});

test('only filters of places limit where matches lie', () => {
  expect(isAnywhere(page({ max_per_city: 1, min_similarity: 0.5 }))).toBe(true);
  expect(isAnywhere(page({ exclude_countries: ['PT'] }))).toBe(false);
  expect(isAnywhere({ ...page({}), area: AREA })).toBe(false);
});
