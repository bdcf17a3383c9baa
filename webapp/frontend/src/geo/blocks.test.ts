import type { Polygon } from 'geojson';
import { expect, test } from 'vitest';
import { blockUnder, middleBlock, placeIn, squareOf } from './blocks';
import { blockId, inUnit, numberOf, tileIdOf } from './unit';

const TILE = 4_000_000_000_000;
const UPRIGHT: Polygon = { type: 'Polygon', coordinates: [[[10, 50], [10, 50.7], [10.7, 50.7], [10.7, 50], [10, 50]]] }; // prettier-ignore

const ALL = Array.from({ length: 49 }, (_, number) => number);
const tile = (footprint: Polygon, block_numbers = ALL) => ({ tile_id: TILE, footprint, block_numbers });

test('the id of a block contains that of its tile, beyond 32 bits', () => {
  const id = blockId(TILE, 45);
  expect(id).toBe(256_000_000_000_045);
  expect([tileIdOf('block', id), numberOf(id), tileIdOf('tile', TILE)]).toEqual([TILE, 45, TILE]);
});

test('the middle block represents a tile', () => {
  expect(inUnit('tile', TILE)).toBe(TILE);
  expect(squareOf(inUnit('block', TILE))).toEqual([3 / 7, 3 / 7, 1 / 7]);
});

test.each([
  [10.05, 50.65, 0],
  [10.65, 50.65, 6],
  [10.35, 50.05, 45],
  [10.65, 50.05, 48],
  [9.99, 50.71, 0],
  [10.75, 49.9, 48],
])('the block at %d, %d is number %d', (lon, lat, number) => {
  expect(blockUnder(tile(UPRIGHT), { lon, lat })).toBe(blockId(TILE, number));
});

test('a block has its own outline and centre, a tile those of the tile', () => {
  const block = placeIn(UPRIGHT, 'block', blockId(TILE, 45));
  expect(block.lon).toBeCloseTo(10.35);
  expect(block.lat).toBeCloseTo(50.05);
  expect(block.footprint.coordinates[0]!.flat().map((value) => Math.round(value * 100) / 100)).toEqual([10.3, 50.1, 10.3, 50, 10.4, 50, 10.4, 50.1, 10.3, 50.1]);
  expect(placeIn(UPRIGHT, 'tile', TILE)).toMatchObject({ id: TILE, footprint: UPRIGHT });
});

test('every block of a tilted tile contains its own centre', () => {
  const tilted: Polygon = { type: 'Polygon', coordinates: [[[10, 50], [9.999, 50.02], [10.03, 50.021], [10.031, 50.001], [10, 50]]] }; // prettier-ignore
  for (let number = 0; number < 49; number++) {
    const id = blockId(TILE, number);
    expect(blockUnder(tile(tilted), placeIn(tilted, 'block', id))).toBe(id);
  }
});

test('where a tile has no block there is none under the pointer', () => {
  expect(blockUnder(tile(UPRIGHT, [1, 2]), { lon: 10.05, lat: 50.65 })).toBeNull();
  expect(blockUnder(tile(UPRIGHT, [1, 2]), { lon: 10.15, lat: 50.65 })).toBe(blockId(TILE, 1));
});

test.each([
  [ALL, 24],
  [[0, 1, 7, 16], 16],
  [[48], 48],
])('of the blocks %j the one nearest the middle is %d', (numbers, number) => {
  expect(middleBlock(tile(UPRIGHT, numbers))).toBe(blockId(TILE, number));
});

test('a tile without blocks has none in the middle', () => expect(middleBlock(tile(UPRIGHT, []))).toBeNull());
