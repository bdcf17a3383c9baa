import { expect, test } from 'vitest';
import { pannedBy, transformOf, WHOLE, zoomedAt } from './zoom';

test('zooming keeps what is under the pointer in place', () => {
  const zoom = zoomedAt(WHOLE, 2, 0.25, 0.75);
  expect(zoom).toEqual({ scale: 2, left: 0.125, top: 0.375 });
  const { left, top, scale } = zoomedAt(zoom, 2, 0.5, 0.5);
  expect([left + 0.5 / scale, top + 0.5 / scale]).toEqual([0.125 + 0.25, 0.375 + 0.25]);
});

test('zooming out shows the whole picture, and nothing beside it', () => {
  expect(zoomedAt(zoomedAt(WHOLE, 4, 1, 1), 1 / 8)).toEqual(WHOLE);
  expect(zoomedAt(WHOLE, 100).scale).toBe(6);
});

test('the pictures are moved until their edge', () => {
  const zoom = zoomedAt(WHOLE, 2);
  expect(pannedBy(zoom, 0.25, -0.25)).toEqual({ scale: 2, left: 0.125, top: 0.375 });
  expect(pannedBy(zoom, 9, -9)).toEqual({ scale: 2, left: 0, top: 0.5 });
});

test('the zoom is a transform', () => {
  expect(transformOf({ scale: 2, left: 0.25, top: 0.5 })).toBe('scale(2) translate(-25%, -50%)');
});
