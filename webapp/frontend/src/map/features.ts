// Tiles and matches as GeoJSON features.

import { GreatCircle } from 'arc';
import type { Feature, LineString, MultiLineString, Point, Polygon } from 'geojson';
import type { SimilarTile, Tile } from '../api/types';

const STEPS = 64;

export const polygon = (tile: Tile | SimilarTile): Feature<Polygon> => ({
  type: 'Feature',
  geometry: tile.footprint,
  properties: { tile_id: tile.tile_id },
});

export const point = (tile: Tile | SimilarTile): Feature<Point> => ({
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [tile.lon, tile.lat] },
  properties: { tile_id: tile.tile_id, rank: 'rank' in tile ? tile.rank : 0 },
});

/** Return great-circle lines from the chosen tile to each match, split where they cross 180 degrees. */
export function lines(from: Tile | null, matches: SimilarTile[]): Feature<LineString | MultiLineString>[] {
  if (!from) return [];
  return matches
    .filter((tile) => tile.tile_id !== from.tile_id)
    .map((tile) => {
      const circle = new GreatCircle({ x: from.lon, y: from.lat }, { x: tile.lon, y: tile.lat });
      const parts = circle.Arc(STEPS, { offset: 10 }).geometries.map(({ coords }) => coords);
      return { type: 'Feature', properties: { rank: tile.rank }, geometry: { type: 'MultiLineString', coordinates: parts } };
    });
}
