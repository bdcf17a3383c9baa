// Geometries drawn over a tile's picture.

import type { MultiPolygon, Polygon, Position } from 'geojson';

/**
 * Return an SVG path of an area inside a tile, in the unit square of the tile's picture (north-west corner 0 0, y down).
 * The picture is square in the tile's UTM zone; over 2,240 m the transformation from degrees is affine within 0.1 px.
 */
export function pathInTile(area: MultiPolygon, footprint: Polygon): string {
  const place = toUnitSquare(footprint);
  const ring = (positions: Position[]) => `M${positions.slice(0, -1).map((at) => place(at).map(rounded).join(' ')).join('L')}Z`;
  return area.coordinates.flatMap((polygon) => polygon.map(ring)).join('');
}

const rounded = (value: number) => Number(value.toFixed(4));

function toUnitSquare(footprint: Polygon): (at: Position) => [number, number] {
  const corners = footprint.coordinates[0]!.slice(0, 4) as [number, number][];
  const centre = [0, 1].map((i) => corners.reduce((sum, corner) => sum + corner[i]!, 0) / 4) as [number, number];
  // The grid is rotated against north by a few degrees at most, so each corner stays in its quadrant.
  const corner = (isEast: boolean, isNorth: boolean) =>
    corners.find(([lon, lat]) => lon > centre[0] === isEast && lat > centre[1] === isNorth)!;
  const [northWest, northEast, southWest] = [corner(false, true), corner(true, true), corner(false, false)];
  const [ux, uy] = [northEast[0] - northWest[0], northEast[1] - northWest[1]];
  const [vx, vy] = [southWest[0] - northWest[0], southWest[1] - northWest[1]];
  const determinant = ux * vy - uy * vx;
  return (at) => {
    const [x, y] = [at[0]! - northWest[0], at[1]! - northWest[1]];
    return [(x * vy - y * vx) / determinant, (y * ux - x * uy) / determinant];
  };
}
