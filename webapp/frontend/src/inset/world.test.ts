import { expect, test } from 'vitest';
import { framesOf, HEIGHT, isWithin, landPath, WIDTH, xyOf } from './world';

test('longitudes run from edge to edge', () => {
  expect(xyOf({ lon: 0, lat: 84 })).toEqual([WIDTH / 2, 0]);
  expect(xyOf({ lon: -180, lat: 0 })[0]).toBe(0);
  expect(xyOf({ lon: 190, lat: 0 })[0]).toBeCloseTo(xyOf({ lon: -170, lat: 0 })[0]);
  expect(xyOf({ lon: 0, lat: -66 })[1]).toBeCloseTo(HEIGHT);
});

test('only land is drawn', () => {
  const ring = [[0, 84], [90, 84], [90, 69], [0, 84]]; // prettier-ignore
  const geometry = { type: 'MultiPolygon' as const, coordinates: [[ring]] };
  const line = { type: 'MultiLineString' as const, coordinates: [ring] };
  const features = [geometry, line].map((shape) => ({ type: 'Feature' as const, properties: {}, geometry: shape }));
  expect(landPath({ type: 'FeatureCollection', features })).toBe('M120.0 0.0L180.0 0.0L180.0 10.0L120.0 0.0Z');
});

test('what the map shows is one rectangle, or two across the antimeridian', () => {
  expect(framesOf([-90, -66, 90, 84])).toEqual([{ x: 60, y: 0, width: 120, height: HEIGHT }]);
  expect(framesOf([170, 0, 190, 10]).map(({ x, width }) => [Math.round(x), Math.round(width)])).toEqual([[233, 13], [-7, 13]]); // prettier-ignore
  expect(framesOf([-400, -90, 400, 90])).toEqual([{ x: 0, y: 0, width: WIDTH, height: HEIGHT }]);
});

test('a place is in view on either side of the antimeridian', () => {
  const view: [number, number, number, number] = [170, -10, 200, 10];
  expect(isWithin({ lon: 175, lat: 0 }, view)).toBe(true);
  expect(isWithin({ lon: -165, lat: 0 }, view)).toBe(true);
  expect(isWithin({ lon: 0, lat: 0 }, view)).toBe(false);
  expect(isWithin({ lon: 175, lat: 11 }, view)).toBe(false);
});
