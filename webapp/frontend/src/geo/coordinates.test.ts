import { expect, test } from 'vitest';
import { formatLonLat, parseCoordinates } from './coordinates';

test.each([
  ['13.75, 100.5', 13.75, 100.5],
  ['-33.9 18.4', -33.9, 18.4],
  ['−33.9; 18.4', -33.9, 18.4],
  ["13°45'N 100°30'E", 13.75, 100.5],
  ['13°45′36″S, 100°30′W', -13.76, -100.5],
  ['N13.75 W3', 13.75, -3],
  ['100.5E 13.75N', 13.75, 100.5],
  ['100.5, 13.75N', 13.75, 100.5],
])('%s is a position', (text, lat, lon) => {
  const found = parseCoordinates(text);
  expect(found?.lat).toBeCloseTo(lat, 9);
  expect(found?.lon).toBeCloseTo(lon, 9);
});

test.each(['', 'Lisbon', '13.75', '91, 0', '0, 181', '1N 2N', '13°60′N 1E', '-13N 1E', 'N13N 1E', '1, 2, 3'])('%s is not a position', (text) => {
  expect(parseCoordinates(text)).toBeNull();
});

test('a position is written with its hemispheres', () => {
  expect(formatLonLat({ lon: -9.1, lat: 38.7 })).toBe('38.7° N, 9.1° W');
  expect(formatLonLat({ lon: -(9 + 8 / 60), lat: 38 + 42 / 60 })).toBe('38.7° N, 9.13333° W');
  expect(parseCoordinates(formatLonLat({ lon: 18.4, lat: -33.9 }))).toEqual({ lon: 18.4, lat: -33.9 });
});
