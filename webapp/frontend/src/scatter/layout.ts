// The UMAP layout of all tiles, and their similarities to a question: the binary answers of /umap as typed arrays.

import { get, getJson } from '../api/client';
import { Problem } from '../api/problem';
import type { LayoutCity, LayoutHead } from '../api/types';

/** Points in the order of their tile_id; x and y in -1..1, which the longer side of the layout fills. */
export interface Layout {
  version: number;
  tileIds: Float64Array;
  x: Float32Array;
  y: Float32Array;
  cityIndex: Uint16Array;
  cities: LayoutCity[];
}

const MAX_UINT16 = 65535;
/** The city index of a tile whose city is not in the list. */
export const NO_CITY = MAX_UINT16;

export async function getLayout(signal?: AbortSignal): Promise<Layout> {
  const [head, points] = await Promise.all([
    getJson<LayoutHead>('api/v1/umap', {}, signal),
    get('api/v1/umap/points', {}, signal).then((answer) => answer.arrayBuffer()),
  ]);
  return decodeLayout(head, points);
}

/** Decode /umap/points: uint32 n, uint32 layout_version, float64 tile_id[n], uint16 x[n], y[n], city_index[n]; little-endian. */
export function decodeLayout(head: LayoutHead, points: ArrayBuffer): Layout {
  const [n, version] = new Uint32Array(points, 0, 2) as unknown as [number, number];
  if (version !== head.layout_version) throw changed();
  const columns = 8 + n * 8;
  const [x, y, cityIndex] = [0, 1, 2].map((i) => new Uint16Array(points, columns + i * n * 2, n)) as [
    Uint16Array,
    Uint16Array,
    Uint16Array,
  ];
  const [minX, minY, maxX, maxY] = head.bounds;
  const half = Math.max(maxX - minX, maxY - minY, Number.MIN_VALUE) / 2;
  // One scale for both axes: distances in the layout have a meaning, its axes have none.
  const scaled = (values: Uint16Array, length: number) =>
    Float32Array.from(values, (value) => ((value / MAX_UINT16 - 0.5) * length) / half);
  return {
    version,
    tileIds: new Float64Array(points, 8, n),
    x: scaled(x, maxX - minX),
    y: scaled(y, maxY - minY),
    cityIndex,
    cities: head.cities,
  };
}

/** Return the cosine similarity of every point to a question, the query string of vector tiles, in the order of the layout. */
export async function getSimilarities(layout: Layout, question: string, signal: AbortSignal): Promise<Float32Array> {
  const asked = new URLSearchParams(question);
  asked.delete('origin'); // the layout shows both
  const answer = await get('api/v1/umap/similarity', Object.fromEntries(asked), signal);
  const bytes = await answer.arrayBuffer();
  const [n, version] = new Uint32Array(bytes, 0, 2) as unknown as [number, number];
  if (version !== layout.version || n !== layout.tileIds.length) throw changed();
  return Float32Array.from(new Uint16Array(bytes, 8, n), (value) => (value / MAX_UINT16) * 2 - 1);
}

export const changed = () => new Problem('The layout of the tiles has changed', 'Load the page again, and draw a lasso again.', 409);

/** Return a tile's index in the layout; -1 if it is not in it. */
export function indexOf(layout: Layout, tileId: number): number {
  const ids = layout.tileIds;
  let low = 0;
  let high = ids.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = ids[middle]!;
    if (found === tileId) return middle;
    if (found < tileId) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

export function indicesOf(layout: Layout, tileIds: readonly number[]): number[] {
  return tileIds.map((tileId) => indexOf(layout, tileId)).filter((index) => index >= 0);
}

export const cityOf = (layout: Layout, index: number): LayoutCity | null => layout.cities[layout.cityIndex[index]!] ?? null;
