import { expect, test } from 'vitest';
import type { Match } from '../api/types';
import { foundText } from './found';

const matches = (n: number, compared: number, is_exact: boolean): Match[] => Array.from({ length: n }, () => ({ compared, is_exact }) as Match);

test('an answer tells whether everything was compared', () => {
  expect(foundText([], 'block')).toBe('No block meets these conditions.');
  expect(foundText(matches(1, 40, true), 'tile')).toBe('1 match · every eligible tile compared');
  expect(foundText(matches(20, 9812, false), 'block')).toBe('20 matches · compared 9,812 of the nearest; approximate');
});
