// The outline drawn with the lasso, in the units of the layout: the address contains it, and it selects tiles.

import type { Layout } from './layout';

export interface Lasso {
  /** Of the layout that it was drawn on: in another one it would select other tiles. */
  version: number;
  /** Corners; the first is not repeated. */
  ring: [number, number][];
}

/** A thousandth of half the plot. */
const DECIMALS = 3;
/** Corners nearer to each other than this are one. */
const STEP = 0.01;

/** Return the outline as the address contains it, with as many corners as it needs. */
export function lassoOf(version: number, outline: readonly (readonly number[])[]): Lasso {
  const ring: [number, number][] = [];
  for (const at of outline) {
    const [x, y] = at.map((value) => Number(value.toFixed(DECIMALS))) as [number, number];
    const last = ring.at(-1);
    if (!last || Math.hypot(x - last[0], y - last[1]) >= STEP) ring.push([x, y]);
  }
  return { version, ring };
}

/** Return version:x,y;x,y;... */
export const writeLasso = ({ version, ring }: Lasso): string => `${version}:${ring.join(';')}`;

export function readLasso(text: string | null): Lasso | null {
  const [, version, corners] = /^(\d{1,15}):(.+)$/.exec(text ?? '') ?? [];
  const ring = (corners ?? '').split(';').map((pair) => pair.split(',').map(Number));
  const isRing = ring.length >= 3 && ring.every((at) => at.length === 2 && at.every(Number.isFinite));
  return isRing ? { version: Number(version), ring: ring as [number, number][] } : null;
}

/** Return the indices of the points inside. */
export function indicesIn(layout: Pick<Layout, 'x' | 'y'>, { ring }: Lasso): number[] {
  const found: number[] = [];
  layout.x.forEach((x, i) => {
    if (isInside(ring, x, layout.y[i]!)) found.push(i);
  });
  return found;
}

/** Whether a ray to the right crosses an odd number of sides. */
function isInside(ring: [number, number][], x: number, y: number): boolean {
  let isIn = false;
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length]!;
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isIn = !isIn;
  });
  return isIn;
}
