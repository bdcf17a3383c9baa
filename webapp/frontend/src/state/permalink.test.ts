import { expect, test } from 'vitest';
import { DEFAULT_SEARCH, type PageState } from './page';
import { isStep, readQuery, writeQuery } from './permalink';

const FULL: PageState = {
  chosenId: 123456789012,
  positive: [1, 2],
  negative: [3],
  area: { type: 'Polygon', coordinates: [[[9.5, 53.25], [10.5, 53.25], [10, 54], [9.5, 53.25]]] }, // prettier-ignore
  areaUse: 'like',
  search: {
    k: 7,
    unit: 'block',
    method: 'dominant',
    exclude_within_m: 1500000,
    exclude_same_city: false,
    max_per_city: 2,
    max_per_tile: 3,
    min_similarity: -0.25,
    origin: 'any',
    continents: ['Europe', 'North America'],
    countries: ['DE', 'US'],
    exclude_countries: ['FR', 'JP'],
  },
  shownId: 9,
  imagery: 'eox',
  isSimilarityOn: true,
  concept: 'harbour',
  lasso: { version: 3, ring: [[-0.5, 0.25], [0.1, 0.2], [0, -0.125]] },
  scatter: 'similarity',
  changes: { cityId: -3, from: '2024-06-01/2024-08-31', to: '2025-06-01/2025-08-31' },
  compareId: 4,
  isHelpOpen: true,
  isMapHidden: true,
};

test('a state survives the way into the address and back', () => expect(readQuery(writeQuery(FULL))).toEqual(FULL));

test('an empty address is the default state, and the other way round', () => {
  expect(readQuery('').search).toEqual(DEFAULT_SEARCH);
  expect(writeQuery(readQuery(''))).toBe('');
});

test('lists and areas stay readable', () => {
  const query = writeQuery(FULL);
  expect(query).toContain('exclude_countries=FR,JP');
  expect(query).toContain('area=9.5,53.25;10.5,53.25;10,54');
  expect(query).toContain('continents=Europe,North+America');
});

test.each(['tile=x', 'tile=-1', 'tile=1.5', 'unit=A City', 'max_per_tile=0', 'method=best', 'origin=moon', 'max_per_city=0', 'min_similarity=2', 'area=1,2;3,4', 'area=1;2;3', 'scatter=no', 'changes=1,2024,2025'])(
  'the invalid %s is ignored',
  (query) => expect(readQuery(query)).toEqual(readQuery('')),
);

test('at most 100 examples are read', () => {
  expect(readQuery(`positive=${Array.from({ length: 150 }, (_, i) => i).join(',')}`).positive).toHaveLength(100);
});

test('another tile is a step, another setting is not', () => {
  expect(isStep('?tile=1', 'tile=2')).toBe(true);
  expect(isStep('?tile=1&help=1', 'tile=1')).toBe(true);
  expect(isStep('?tile=1&k=5', 'tile=1&k=6&shown=3')).toBe(false);
});

test('a block is named with the unit', () => {
  expect(writeQuery(readQuery('unit=block&block=70'))).toBe('block=70&unit=block');
  expect(readQuery('block=70')).toEqual(readQuery('unit=block&block=70'));
  expect(readQuery('unit=block&tile=1').chosenId).toBeNull();
  expect(isStep('tile=1', 'block=88&unit=block')).toBe(true);
});

test('an item of an imported set has its own name in the address', () => {
  const query = writeQuery({ ...readQuery(''), chosenId: 12, search: { ...DEFAULT_SEARCH, unit: 'aef' } });
  expect(query).toBe('item=12&unit=aef');
  expect(readQuery(query)).toMatchObject({ chosenId: 12, search: { unit: 'aef' } });
  expect(isStep('item=12&unit=aef', 'item=13&unit=aef')).toBe(true);
});
