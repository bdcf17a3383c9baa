import { expect, test } from 'vitest';
import { joined } from './footprint';

const ring = (...corners: [number, number][]) => [[...corners, corners[0]!]];

test('a footprint in one part is its polygon', () => {
  const part = ring([10, 50], [11, 50], [11, 51], [10, 51]);
  expect(joined({ type: 'MultiPolygon', coordinates: [part] })).toEqual({ type: 'Polygon', coordinates: part });
});

test('a footprint that is cut at the antimeridian goes on beyond 180 degrees', () => {
  const west = ring([179.98, -17.01], [180, -17.02], [180, -16.98], [179.99, -16.97]);
  const east = ring([-180, -17.02], [-179.99, -17.03], [-179.98, -16.99], [-180, -16.98]);
  const corners = ring([179.98, -17.01], [180.01, -17.03], [180.02, -16.99], [179.99, -16.97]);
  const { coordinates } = joined({ type: 'MultiPolygon', coordinates: [west, east] });
  expect(coordinates.map((part) => part.map(([lon, lat]) => [Number(lon!.toFixed(6)), lat]))).toEqual(corners);
});
