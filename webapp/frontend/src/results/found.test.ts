import { expect, test } from 'vitest';
import type { Match } from '../api/types';
import { comparedText, foundText } from './found';

const matches = (n: number, compared: number, is_exact: boolean): Match[] => Array.from({ length: n }, () => ({ compared, is_exact }) as Match);

test('matches are counted', () => {
  expect(foundText(matches(1, 40, true), 'tile')).toBe('1 match');
  expect(foundText(matches(20, 40, true), 'tile')).toBe('20 matches');
  expect(foundText([], 'block')).toBe('No block meets these conditions.');
});

test('an answer tells whether everything was compared', () => {
  expect(comparedText(matches(1, 40, true), 'tile')).toBe('Every eligible tile compared');
  expect(comparedText(matches(20, 9812, false), 'block')).toBe('Compared 9,812 of the nearest; approximate');
  expect(comparedText([], 'block')).toBe('');
});
