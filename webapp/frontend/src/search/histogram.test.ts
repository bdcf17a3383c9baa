import { expect, test } from 'vitest';
import { binsOf } from './histogram';

test('every similarity is in one bin, the ends included', () => {
  expect(binsOf([-0.4, 0, 0.1, 0.26, 0.74, 0.75, 1], 4)).toEqual([3, 1, 1, 2]);
  expect(binsOf([], 2)).toEqual([0, 0]);
});
