import { expect, test } from 'vitest';
import { VIRIDIS_GRADIENT, viridis, viridisStops } from './viridis';

test('the scale runs from dark violet to yellow', () => {
  expect([viridis(0), viridis(0.5), viridis(1)]).toEqual(['#440154', '#21918c', '#fde725']);
});

test('colours between two stops are interpolated', () => expect(viridis(0.05)).toBe('#461365'));

test('stops for MapLibre alternate rising values and colours', () => {
  const stops = viridisStops(-1, 1);
  const values = stops.filter((stop) => typeof stop === 'number');
  expect(stops).toHaveLength(22);
  expect([values[0], values[5], values[10]]).toEqual([-1, 0, 1]);
  expect(stops[1]).toBe('#440154');
});

test('the CSS gradient has all stops', () => expect(VIRIDIS_GRADIENT.match(/#[0-9a-f]{6}/g)).toHaveLength(11));
