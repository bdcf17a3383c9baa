// Where tiles and blocks lie: tiles that the page has asked for once are known.

import { getTile } from '../api/client';
import type { Tile } from '../api/types';
import { placeIn, type Place } from '../geo/blocks';
import { tileIdOf, type Unit } from '../geo/unit';

const tiles = new Map<number, Tile>();

/** Return a tile if it has been asked for before. */
export const knownTile = (tileId: number): Tile | null => tiles.get(tileId) ?? null;

export async function findTile(tileId: number): Promise<Tile> {
  const tile = tiles.get(tileId) ?? (await getTile(tileId));
  tiles.set(tileId, tile);
  return tile;
}

/** Return where a tile or block lies. */
export const findPlace = async (unit: Unit, id: number): Promise<Place> => placeIn((await findTile(tileIdOf(unit, id))).footprint, unit, id);
