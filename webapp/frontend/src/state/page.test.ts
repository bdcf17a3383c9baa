import type { Polygon } from 'geojson';
import { expect, test } from 'vitest';
import { DEFAULT_SEARCH, requestOf, type PageState } from './page';
import { readQuery } from './permalink';

const AREA: Polygon = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }; // prettier-ignore
const page = (part: Partial<PageState>): PageState => ({ ...readQuery(''), ...part });
const search = (part: Partial<PageState['search']>) => ({ search: { ...DEFAULT_SEARCH, ...part } });

test('without a tile, example or area nothing is searched for', () => {
  expect(requestOf(page({}))).toBeNull();
  expect(requestOf(page({ negative: [5] }))).toBeNull();
  expect(requestOf(page({ area: AREA }))).toBeNull();
});

test('a chosen tile is searched for by its id', () => {
  expect(requestOf(page({ chosenId: 7 }))).toEqual({
    path: 'api/v1/similar',
    body: { tile_id: 7, k: 20, exclude_within_m: 0, exclude_same_city: true },
  });
});

test('the chosen tile is the first example', () => {
  const request = requestOf(page({ chosenId: 7, positive: [8], negative: [9] }));
  expect(request?.path).toBe('api/v1/similar-to-examples');
  expect(request?.body).toMatchObject({ positive: [7, 8], negative: [9] });
});

test('examples alone are a search', () => {
  const request = requestOf(page({ positive: [8] }));
  expect(request?.path).toBe('api/v1/similar-to-examples');
  expect(request?.body).toMatchObject({ positive: [8] });
  expect(request?.body).not.toHaveProperty('negative');
});

test('an area limits a search or is searched for', () => {
  expect(requestOf(page({ chosenId: 7, area: AREA }))?.body).toMatchObject({ tile_id: 7, within: AREA });
  const request = requestOf(page({ chosenId: 7, area: AREA, areaUse: 'like' }));
  expect(request?.path).toBe('api/v1/similar-to-area');
  expect(request?.body).toMatchObject({ area: AREA });
  expect(request?.body).not.toHaveProperty('within');
});

test('filters are sent, empty ones are not', () => {
  const filters = { countries: ['JP', 'DE'], exclude_countries: ['FR'], max_per_city: 2, origin: 'synthetic' as const, method: 'mean_std' as const };
  const body = requestOf(page({ chosenId: 7, ...search(filters) }))?.body;
  expect(body).toMatchObject(filters);
  expect(body).not.toHaveProperty('continents');
  expect(body).not.toHaveProperty('min_similarity');
});

test('a chosen block is searched for by its id, without the settings of tiles', () => {
  const settings = search({ unit: 'block', method: 'dominant', max_per_tile: 3 });
  const request = requestOf(page({ chosenId: 70, ...settings }));
  expect(request?.path).toBe('api/v1/similar-blocks');
  expect(request?.body).toMatchObject({ block_id: 70, max_per_tile: 3 });
  for (const name of ['tile_id', 'method', 'unit']) expect(request?.body).not.toHaveProperty(name);
});

test('examples and areas name the unit', () => {
  expect(requestOf(page({ positive: [70], ...search({ unit: 'block' }) }))?.body).toMatchObject({ positive: [70], unit: 'block' });
  expect(requestOf(page({ area: AREA, areaUse: 'like', ...search({ unit: 'block' }) }))?.body).toMatchObject({ unit: 'block' });
  expect(requestOf(page({ positive: [7], ...search({ max_per_tile: 3 }) }))?.body).toEqual(expect.not.objectContaining({ max_per_tile: 3 }));
});

test('an item is searched for as an example of its set, by the filters that a set has', () => {
  expect(requestOf(page({ chosenId: 7, ...search({ unit: 'aef', method: 'std', max_per_tile: 2, origin: 'real', max_per_city: 3 }) }))).toEqual({
    path: 'api/v1/similar-to-examples',
    body: { positive: [7], unit: 'aef', k: 20, exclude_within_m: 0, exclude_same_city: true, max_per_city: 3 },
  });
});
