import { expect, test } from 'vitest';
import type { LayoutHead } from '../api/types';
import { cityOf, decodeLayout, indexOf, indicesOf, NO_CITY } from './layout';

const HEAD = {
  layout_version: 7,
  bounds: [0, 0, 4, 2],
  cities: [{ city_id: 5, city: 'A', country_code: 'DE', country: 'Germany', continent: 'Europe' }],
} as Partial<LayoutHead> as LayoutHead;

function pack(version: number, tileIds: number[], ...columns: number[][]): ArrayBuffer {
  const bytes = new ArrayBuffer(8 + tileIds.length * (8 + 2 * columns.length));
  new Uint32Array(bytes, 0, 2).set([tileIds.length, version]);
  new Float64Array(bytes, 8, tileIds.length).set(tileIds);
  columns.forEach((column, i) => new Uint16Array(bytes, 8 + tileIds.length * (8 + 2 * i), column.length).set(column));
  return bytes;
}

const POINTS = pack(7, [11, 22, 2 ** 41], [0, 65535, 65535], [0, 65535, 0], [0, 0, NO_CITY]);

test('points are centred and the longer side fills -1 to 1', () => {
  const layout = decodeLayout(HEAD, POINTS);
  expect([...layout.x]).toEqual([-1, 1, 1]);
  expect([...layout.y]).toEqual([-0.5, 0.5, -0.5]);
});

test('tiles are found by their id', () => {
  const layout = decodeLayout(HEAD, POINTS);
  expect([11, 22, 2 ** 41, 12].map((id) => indexOf(layout, id))).toEqual([0, 1, 2, -1]);
  expect(indicesOf(layout, [2 ** 41, 5, 11])).toEqual([2, 0]);
});

test('a point knows its city', () => {
  const layout = decodeLayout(HEAD, POINTS);
  expect(cityOf(layout, 0)?.city).toBe('A');
  expect(cityOf(layout, 2)).toBeNull();
});

test('points of another version are refused', () => {
  expect(() => decodeLayout(HEAD, pack(8, [11], [0], [0], [0]))).toThrow('layout');
});
