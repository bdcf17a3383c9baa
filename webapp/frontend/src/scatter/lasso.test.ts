import { expect, test } from 'vitest';
import { indicesIn, lassoOf, readLasso, writeLasso } from './lasso';

const SQUARE = [
  [-0.5, -0.5],
  [0.5, -0.5],
  [0.5, 0.5],
  [-0.5, 0.5],
];

test('the address keeps the outline', () => {
  const lasso = lassoOf(7, SQUARE);
  expect(writeLasso(lasso)).toBe('7:-0.5,-0.5;0.5,-0.5;0.5,0.5;-0.5,0.5');
  expect(readLasso(writeLasso(lasso))).toEqual(lasso);
});

test('corners next to each other are one', () => {
  expect(lassoOf(1, [...SQUARE.flatMap(([x, y]) => [[x!, y!], [x! + 0.002, y!]])]).ring).toEqual(SQUARE); // prettier-ignore
});

test('points inside the outline are selected, in the notch of a C they are not', () => {
  const layout = { x: Float32Array.of(0, 0.4, 0.6, 0), y: Float32Array.of(0, 0.4, 0, -0.7) };
  expect(indicesIn(layout, lassoOf(1, SQUARE))).toEqual([0, 1]);
  const letter = [[-0.5, -0.5], [0.5, -0.5], [0.5, -0.3], [-0.3, -0.3], [-0.3, 0.3], [0.5, 0.3], [0.5, 0.5], [-0.5, 0.5]]; // prettier-ignore
  expect(indicesIn(layout, lassoOf(1, letter))).toEqual([1]);
});

test.each([null, '', '7', '7:', '7:1,2;3,4', '7:1,2;3,x;5,6', 'x:1,2;3,4;5,6'])('%s is no outline', (text) => {
  expect(readLasso(text)).toBeNull();
});
