// The world as the inset draws it: plate carrée, without the ice of Antarctica.

import type { FeatureCollection, Position } from 'geojson';
import type { Bounds } from '../geo/bounds';
import type { LonLat } from '../geo/coordinates';

export const WIDTH = 240;
export const HEIGHT = 100;
/** Degrees of latitude at the upper edge; one degree has the same length in both directions. */
const NORTH = 84;
const SCALE = WIDTH / 360;

/** Return the position of a place in pixels. */
export const xyOf = ({ lon, lat }: LonLat): [number, number] => [(((lon + 540) % 360) * WIDTH) / 360, (NORTH - lat) * SCALE];

/** Return the outlines of the land as an SVG path. */
export function landPath(base: FeatureCollection): string {
  const rings = base.features.flatMap(({ geometry }) => (geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : []));
  return rings.map(ringPath).join('');
}

const ringPath = (ring: Position[]): string =>
  `M${ring.map(([lon, lat]) => `${((lon! + 180) * SCALE).toFixed(1)} ${((NORTH - lat!) * SCALE).toFixed(1)}`).join('L')}Z`;

/** Return what the map shows as rectangles: two if it shows both sides of the antimeridian. */
export function framesOf([west, south, east, north]: Bounds): { x: number; y: number; width: number; height: number }[] {
  const [top, bottom] = [Math.max(0, (NORTH - north) * SCALE), Math.min(HEIGHT, (NORTH - south) * SCALE)];
  const width = Math.min(WIDTH, (east - west) * SCALE);
  const x = width === WIDTH ? 0 : xyOf({ lon: west, lat: 0 })[0];
  const frame = (from: number) => ({ x: from, y: top, width, height: Math.max(0, bottom - top) });
  return x + width > WIDTH ? [frame(x), frame(x - WIDTH)] : [frame(x)];
}

/** Whether a place lies in a box, whose meridians may go beyond 180 degrees. */
export const isWithin = ({ lon, lat }: LonLat, [west, south, east, north]: Bounds): boolean =>
  lat >= south && lat <= north && [-360, 0, 360].some((turn) => lon + turn >= west && lon + turn <= east);
