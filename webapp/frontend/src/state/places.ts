// Where tiles, blocks and items lie: tiles that the page has asked for once are known.

import { getItem, getTile } from '../api/client';
import type { Tile } from '../api/types';
import { placeIn, type Place } from '../geo/blocks';
import { isOwn, tileIdOf, type OwnUnit, type Unit } from '../geo/unit';

const tiles = new Map<number, Tile>();

/** Return a tile if it has been asked for before. */
export const knownTile = (tileId: number): Tile | null => tiles.get(tileId) ?? null;

export async function findTile(tileId: number): Promise<Tile> {
  const tile = tiles.get(tileId) ?? (await getTile(tileId));
  tiles.set(tileId, tile);
  return tile;
}

/** Return where a tile, block or item lies. */
export const findPlace = async (unit: Unit, id: number): Promise<Place> =>
  isOwn(unit) ? placeIn((await findTile(tileIdOf(unit, id))).footprint, unit, id) : { ...(await getItem(unit, id)), id };

/** Return where a tile or block lies if its tile has been asked for before. */
export function knownPlace(unit: Unit, id: number): Place | null {
  const tile = isOwn(unit) ? knownTile(tileIdOf(unit, id)) : null;
  return tile && placeIn(tile.footprint, unit as OwnUnit, id);
}
