// Geometries drawn over a tile's picture.

import type { MultiPolygon, Polygon, Position } from 'geojson';
import { toUnitSquare } from '../geo/tileSquare';

/** Return an SVG path of an area inside a tile, in the unit square of the tile's picture (north-west corner 0 0, y down). */
export function pathInTile(area: MultiPolygon, footprint: Polygon): string {
  const place = toUnitSquare(footprint);
  const ring = (positions: Position[]) => `M${positions.slice(0, -1).map((at) => place(at).map(rounded).join(' ')).join('L')}Z`;
  return area.coordinates.flatMap((polygon) => polygon.map(ring)).join('');
}

const rounded = (value: number) => Number(value.toFixed(4));
