import { expect, test } from 'vitest';
import { indexAfter } from './roving';

test.each([
  ['ArrowRight', 0, 1],
  ['ArrowLeft', 0, 0],
  ['ArrowDown', 1, 3],
  ['ArrowUp', 1, 1],
  ['ArrowDown', 4, 4],
  ['Home', 4, 0],
  ['End', 0, 4],
])('%s at card %d of five in two columns leads to card %d', (key, from, to) => expect(indexAfter(key, from, 5, 2)).toBe(to));

test('other keys lead nowhere', () => expect(indexAfter('Tab', 0, 5, 2)).toBeNull());
