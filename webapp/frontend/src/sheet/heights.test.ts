import { expect, test } from 'vitest';
import { nearestTo, nextOf, pixelsOf } from './heights';

test('the sheet is 96 px, 45 % or 92 % of the window', () => {
  expect([pixelsOf('peek', 800), pixelsOf('half', 800), pixelsOf('full', 800)]).toEqual([96, 360, 736]);
});

test.each([
  [0, 'peek'],
  [200, 'peek'],
  [250, 'half'],
  [500, 'half'],
  [600, 'full'],
  [900, 'full'],
] as const)('a drag to %d px ends at %s', (px, height) => expect(nearestTo(px, 800)).toBe(height));

test('the handle leads through all heights', () => expect([nextOf('peek'), nextOf('half'), nextOf('full')]).toEqual(['half', 'full', 'peek']));
