// What is chosen: a tile, a block with the tile that it lies in, or an item of an imported set.

import { getItem, getTile } from '../api/client';
import type { Item, Tile } from '../api/types';
import { placeIn, type Place } from '../geo/blocks';
import { isOwn, tileIdOf, type OwnUnit, type Unit } from '../geo/unit';

export type ChosenTile = Place & { unit: OwnUnit; tile: Tile };
export type ChosenItem = Place & { unit: Unit; tile: null; item: Item };
export type Chosen = ChosenTile | ChosenItem;

export async function findChosen(unit: Unit, id: number, signal: AbortSignal): Promise<Chosen> {
  if (isOwn(unit)) {
    const tile = await getTile(tileIdOf(unit, id), signal);
    return { ...placeIn(tile.footprint, unit, id), unit, tile };
  }
  const item = await getItem(unit, id, signal);
  const { footprint, lon, lat } = item;
  return { id, footprint, lon, lat, unit, tile: null, item };
}

/** Return the city, or what else a place is called. */
export const titleOf = (chosen: Chosen): string => (chosen.tile ?? chosen.item).city;
