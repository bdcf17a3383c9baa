// Where tiles and blocks lie. The outline of a tile follows from its id: it is asked for once.

import type { Polygon } from 'geojson';
import { getTile } from '../api/client';
import { placeIn, type Place } from '../geo/blocks';
import { tileIdOf, type Unit } from '../geo/unit';

const footprints = new Map<number, Polygon>();

/** Return the outline of a tile if it has been asked for before. */
export const knownFootprint = (tileId: number): Polygon | null => footprints.get(tileId) ?? null;

export async function findFootprint(tileId: number): Promise<Polygon> {
  const known = footprints.get(tileId);
  if (known) return known;
  const { footprint } = await getTile(tileId);
  footprints.set(tileId, footprint);
  return footprint;
}

/** Return where a tile or block lies. */
export const findPlace = async (unit: Unit, id: number): Promise<Place> => placeIn(await findFootprint(tileIdOf(unit, id)), unit, id);
