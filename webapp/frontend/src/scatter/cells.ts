// What the plot shows behind its points: how dense they lie, and the picture of one tile of each part.

import type { Layout } from './layout';

type Points = Pick<Layout, 'x' | 'y'>;

/** A part of the layout: x from left to right, y from bottom to top. */
export interface Box {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

/** Return how many points lie in each of n x n cells of -1..1, row by row from the top. */
export function densityOf({ x, y }: Points, n: number): Uint32Array {
  const counts = new Uint32Array(n * n);
  const cell = (value: number) => Math.max(0, Math.min(n - 1, Math.floor(((value + 1) / 2) * n)));
  for (let i = 0; i < x.length; i++) counts[cell(-y[i]!) * n + cell(x[i]!)]!++;
  return counts;
}

/**
 * Return the medoids of the cells of a box, those of the fullest cells first: of each cell `size` wide, the point nearest
 * to the mean of its points. Cells lie on a fixed grid, so that moving the box does not change them.
 */
export function medoidsIn({ x, y }: Points, box: Box, size: number): number[] {
  const cells = new Map<string, { members: number[]; x: number; y: number }>();
  for (let i = 0; i < x.length; i++) {
    const [atX, atY] = [x[i]!, y[i]!];
    if (atX < box.left || atX > box.right || atY < box.bottom || atY > box.top) continue;
    const key = `${Math.floor(atX / size)} ${Math.floor(atY / size)}`;
    const cell = cells.get(key) ?? { members: [], x: 0, y: 0 };
    cells.set(key, cell);
    cell.members.push(i);
    cell.x += atX;
    cell.y += atY;
  }
  return [...cells.values()]
    .sort((a, b) => b.members.length - a.members.length)
    .map(({ members, x: sumX, y: sumY }) => {
      const distance = (i: number) => Math.hypot(x[i]! - sumX / members.length, y[i]! - sumY / members.length);
      return members.reduce((nearest, i) => (distance(i) < distance(nearest) ? i : nearest));
    });
}
