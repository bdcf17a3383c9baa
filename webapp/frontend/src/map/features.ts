// Places and matches as GeoJSON features.

import { GreatCircle } from 'arc';
import type { Feature, MultiLineString, Point, Polygon } from 'geojson';
import type { Match } from '../api/types';
import type { Place } from '../geo/blocks';

const STEPS = 64;

export const polygon = ({ id, footprint }: Place): Feature<Polygon> => ({ type: 'Feature', geometry: footprint, properties: { id } });

export const point = (place: Place | Match): Feature<Point> => ({
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [place.lon, place.lat] },
  properties: { id: place.id, rank: 'rank' in place ? place.rank : 0 },
});

/** Return the north-west corner of a match, where its rank is written. */
export function corner(match: Match): Feature<Point> {
  const [nearest] = match.footprint.coordinates[0]!.toSorted((a, b) => a[0]! - a[1]! - (b[0]! - b[1]!));
  return { type: 'Feature', geometry: { type: 'Point', coordinates: nearest! }, properties: { id: match.id, rank: match.rank } };
}

/** Return the great circle between two places, split where it crosses 180 degrees. */
export function line(from: Place, to: Place): Feature<MultiLineString> {
  const circle = new GreatCircle({ x: from.lon, y: from.lat }, { x: to.lon, y: to.lat });
  const parts = circle.Arc(STEPS, { offset: 10 }).geometries.map(({ coords }) => coords);
  return { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: parts } };
}
