import { expect, test } from 'vitest';
import { bandOf, bandText, shareBelow } from './bands';

const PERCENTILES = Array.from({ length: 101 }, (_, i) => i / 100 - 0.2);

test('the share of less similar pairs is interpolated', () => {
  expect(shareBelow(0.305, PERCENTILES)).toBeCloseTo(0.505, 6);
  expect(shareBelow(-0.9, PERCENTILES)).toBe(0);
  expect(shareBelow(0.95, PERCENTILES)).toBe(1);
});

test('equal percentiles leave no share undefined', () => {
  expect(shareBelow(0.5, [0, 0.5, 0.5, 1])).toBeCloseTo(2 / 3, 6);
});

test.each([
  [0.795, 'Strong'],
  [0.75, 'Fair'],
  [0.4, 'Weak'],
  [0.29, 'Less alike than most'],
])('similarity %s is in the band %s', (similarity, name) => {
  expect(bandOf(similarity, PERCENTILES)!.name).toBe(name);
});

test('without pairs there are no bands', () => {
  expect(bandOf(0.9, [])).toBeNull();
});

test('a band says what it stands for', () => {
  expect(bandText(bandOf(0.795, PERCENTILES)!, 'tile')).toBe('Strong: more alike than 99 % of pairs');
  expect(bandText(bandOf(-0.1, PERCENTILES)!, 'block')).toBe('Less alike than most pairs of blocks');
});
