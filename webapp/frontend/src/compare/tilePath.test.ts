import type { MultiPolygon, Polygon } from 'geojson';
import { expect, test } from 'vitest';
import { pathInTile } from './tilePath';

const footprint = (ring: number[][]): Polygon => ({ type: 'Polygon', coordinates: [[...ring, ring[0]!]] });
const area = (...rings: number[][][]): MultiPolygon => ({ type: 'MultiPolygon', coordinates: rings.map((ring) => [[...ring, ring[0]!]]) });
const UPRIGHT = footprint([[10, 50], [11, 50], [11, 51], [10, 51]]); // prettier-ignore

test('the footprint itself is the whole picture', () => {
  const ring = [[10, 51], [11, 51], [11, 50], [10, 50]]; // prettier-ignore
  expect(pathInTile(area(ring), UPRIGHT)).toBe('M0 0L1 0L1 1L0 1Z');
});

test('the northern half is the upper half of the picture', () => {
  const north = [[10, 51], [11, 51], [11, 50.5], [10, 50.5]]; // prettier-ignore
  expect(pathInTile(area(north), UPRIGHT)).toBe('M0 0L1 0L1 0.5L0 0.5Z');
});

test('every polygon is a closed ring of the path', () => {
  const square = (lon: number) => [[lon, 51], [lon + 0.25, 51], [lon + 0.25, 50.75], [lon, 50.75]]; // prettier-ignore
  expect(pathInTile(area(square(10), square(10.5)), UPRIGHT).match(/Z/g)).toHaveLength(2);
});

test('a rotated grid is turned upright', () => {
  const corners = [[0.1, 0], [1.1, 0.1], [1, 1.1], [0, 1]]; // prettier-ignore
  const [southWest, southEast, northEast, northWest] = corners as [number[], number[], number[], number[]];
  expect(pathInTile(area([northWest, northEast, southEast, southWest]), footprint(corners))).toBe('M0 0L1 0L1 1L0 1Z');
});
