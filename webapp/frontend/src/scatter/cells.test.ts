import { expect, test } from 'vitest';
import { densityOf, medoidsIn } from './cells';

const POINTS = {
  x: Float32Array.of(-0.9, -0.8, -0.7, 0.5, 0.9, 0.9),
  y: Float32Array.of(0.8, 0.8, 0.8, -0.5, -0.9, -0.8),
};
const ALL = { left: -1, right: 1, bottom: -1, top: 1 };

test('the density counts the points of each cell, the top row first', () => {
  expect([...densityOf(POINTS, 2)]).toEqual([3, 0, 0, 3]);
});

test('the medoid of a cell is the point nearest to its middle; the fullest cell comes first', () => {
  expect(medoidsIn(POINTS, ALL, 0.5)).toEqual([1, 4, 3]);
});

test('only points in the box count', () => {
  expect(medoidsIn(POINTS, { ...ALL, right: 0 }, 0.5)).toEqual([1]);
});
