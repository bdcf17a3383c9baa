// Places and matches as GeoJSON features.

import { GreatCircle } from 'arc';
import type { Feature, LineString, MultiLineString, Point, Polygon } from 'geojson';
import type { Match } from '../api/types';
import type { Place } from '../geo/blocks';

const STEPS = 64;

export const polygon = ({ id, footprint }: Place): Feature<Polygon> => ({ type: 'Feature', geometry: footprint, properties: { id } });

export const point = (place: Place | Match): Feature<Point> => ({
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [place.lon, place.lat] },
  properties: { id: place.id, rank: 'rank' in place ? place.rank : 0 },
});

/** Return great-circle lines from the chosen place to each match, split where they cross 180 degrees. */
export function lines(from: Place | null, matches: Match[]): Feature<LineString | MultiLineString>[] {
  if (!from) return [];
  return matches
    .filter(({ id }) => id !== from.id)
    .map((match) => {
      const circle = new GreatCircle({ x: from.lon, y: from.lat }, { x: match.lon, y: match.lat });
      const parts = circle.Arc(STEPS, { offset: 10 }).geometries.map(({ coords }) => coords);
      return { type: 'Feature', properties: { rank: match.rank }, geometry: { type: 'MultiLineString', coordinates: parts } };
    });
}
