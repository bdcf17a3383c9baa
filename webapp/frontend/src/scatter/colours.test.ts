import { expect, test } from 'vitest';
import { byCity, byContinent, bySimilarity } from './colours';
import { NO_CITY, type Layout } from './layout';

const city = (city_id: number, continent: string) => ({ city_id, city: `City ${city_id}`, country_code: 'XX', country: 'X', continent, is_synthetic: false });
const LAYOUT: Layout = {
  version: 1,
  tileIds: Float64Array.of(1, 2, 3, 4),
  x: new Float32Array(4),
  y: new Float32Array(4),
  cityIndex: Uint16Array.of(1, 0, 1, NO_CITY),
  cities: [city(10, 'Asia'), city(20, 'Africa')],
};

test('points of a continent share a colour, points without a city are grey', () => {
  const { classes, colours, legend } = byContinent(LAYOUT, null, false);
  expect([...classes].map((i) => colours[i])).toEqual(['#ccbb44', '#ee6677', '#ccbb44', '#8a8f94']);
  expect(legend).toEqual({
    kind: 'continents',
    entries: [
      { name: 'Africa', colour: '#ccbb44', n: 2 },
      { name: 'Asia', colour: '#ee6677', n: 1 },
    ],
  });
});

test('one continent is highlighted on top of the others', () => {
  const { classes, colours, order, legend } = byContinent(LAYOUT, 'Asia', false);
  expect([...classes].map((i) => colours[i])).toEqual(['#d4d9dc', '#ee6677', '#d4d9dc', '#d4d9dc']);
  expect(order?.at(-1)).toBe(1);
  expect(legend).toMatchObject({ entries: [{ colour: '#ccbb44' }, { colour: '#ee6677' }] });
});

test("the chosen tile's city is highlighted and drawn last", () => {
  const { classes, colours, order, legend } = byCity(LAYOUT, 1, false);
  expect(colours[classes[1]!]).toBe('#b3003c');
  expect(order?.at(-1)).toBe(1);
  expect(legend).toMatchObject({ kind: 'cities', nCities: 2, selected: 'City 10' });
});

test('without a chosen tile cities differ and none is highlighted', () => {
  const { colours, order, legend } = byCity(LAYOUT, -1, true);
  expect(new Set(colours).size).toBe(3);
  expect(order).toBeNull();
  expect(legend).toMatchObject({ selected: null });
});

test('the scale of similarity is that of the map, the best on top', () => {
  const { classes, colours, order } = bySimilarity(Float32Array.of(1, -0.2, 0.6, 0.4));
  expect(colours[classes[0]!]).toBe('#fde725');
  expect(colours[classes[1]!]).toBe('#440154');
  expect(order).toEqual([1, 3, 2, 0]);
});
