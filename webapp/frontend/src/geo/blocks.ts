// Blocks of a tile, computed from the tile's outline.

import type { Polygon } from 'geojson';
import type { Tile } from '../api/types';
import { blockId, BLOCKS_PER_SIDE, numberOf, type OwnUnit } from './unit';
import type { LonLat } from './coordinates';
import { fromUnitSquare, toUnitSquare } from './tileSquare';

/** Where a tile, block or item lies: its id, outline and centre. */
export interface Place extends LonLat {
  id: number;
  footprint: Polygon;
}

/** What is needed of a tile to find its blocks. */
type TileWithBlocks = Pick<Tile, 'tile_id' | 'footprint' | 'block_numbers'>;

/** Return the block of a tile at a position; null if there is none. Positions beside the tile count as its edge. */
export function blockUnder({ tile_id, footprint, block_numbers }: TileWithBlocks, { lon, lat }: LonLat): number | null {
  const [col, row] = toUnitSquare(footprint)([lon, lat]).map((share) =>
    Math.min(Math.max(Math.floor(share * BLOCKS_PER_SIDE), 0), BLOCKS_PER_SIDE - 1),
  ) as [number, number];
  const number = row * BLOCKS_PER_SIDE + col;
  return block_numbers.includes(number) ? blockId(tile_id, number) : null;
}

/** Return the block nearest the middle of a tile; null if the tile has none. */
export function middleBlock({ tile_id, block_numbers }: TileWithBlocks): number | null {
  if (block_numbers.length === 0) return null;
  const [nearest] = [...block_numbers].sort((a, b) => fromMiddle(a) - fromMiddle(b));
  return blockId(tile_id, nearest!);
}

const fromMiddle = (number: number) => Math.hypot(Math.floor(number / BLOCKS_PER_SIDE) - 3, (number % BLOCKS_PER_SIDE) - 3);

/** Return where a tile or block lies, from the outline of the tile. */
export function placeIn(footprint: Polygon, unit: OwnUnit, id: number): Place {
  const place = fromUnitSquare(footprint);
  const [west, north, size] = unit === 'tile' ? [0, 0, 1] : squareOf(id);
  const [lon, lat] = place([west + size / 2, north + size / 2]);
  return { id, footprint: unit === 'tile' ? footprint : outline(place, west, north, size), lon, lat };
}

/** Return west and north edge and size of a block, as shares of its tile's side. */
export function squareOf(id: number): [number, number, number] {
  const number = numberOf(id);
  return [(number % BLOCKS_PER_SIDE) / BLOCKS_PER_SIDE, Math.floor(number / BLOCKS_PER_SIDE) / BLOCKS_PER_SIDE, 1 / BLOCKS_PER_SIDE];
}

function outline(place: ReturnType<typeof fromUnitSquare>, west: number, north: number, size: number): Polygon {
  const [east, south] = [west + size, north + size];
  const ring = [[west, north], [west, south], [east, south], [east, north], [west, north]].map(place); // prettier-ignore
  return { type: 'Polygon', coordinates: [ring] };
}
