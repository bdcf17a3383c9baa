// Positions in a tile as shares of its sides: north-west corner 0 0, y down, as in its picture.

import type { Polygon, Position } from 'geojson';

type Affine = (at: Position) => [number, number];

/** Return the transformation from degrees. Over 2,240 m it is affine within 0.1 px, because a tile is square in its UTM zone. */
export function toUnitSquare(footprint: Polygon): Affine {
  const { origin, u, v } = axesOf(footprint);
  const determinant = u[0] * v[1] - u[1] * v[0];
  return (at) => {
    const [x, y] = [((at[0]! - origin[0] + 540) % 360) - 180, at[1]! - origin[1]];
    return [(x * v[1] - y * v[0]) / determinant, (y * u[0] - x * u[1]) / determinant];
  };
}

/** Return the transformation to degrees. */
export function fromUnitSquare(footprint: Polygon): Affine {
  const { origin, u, v } = axesOf(footprint);
  return ([x, y]) => [origin[0] + x! * u[0] + y! * v[0], origin[1] + x! * u[1] + y! * v[1]];
}

/** Return the north-west corner, and the sides from it to the east and to the south, in degrees. */
function axesOf(footprint: Polygon) {
  const corners = footprint.coordinates[0]!.slice(0, 4) as [number, number][];
  const centre = [0, 1].map((i) => corners.reduce((sum, corner) => sum + corner[i]!, 0) / 4) as [number, number];
  // The grid is rotated against north by a few degrees at most, so each corner stays in its quadrant.
  const corner = (isEast: boolean, isNorth: boolean) =>
    corners.find(([lon, lat]) => lon > centre[0] === isEast && lat > centre[1] === isNorth)!;
  const origin = corner(false, true);
  const sideTo = (end: [number, number]) => [end[0] - origin[0], end[1] - origin[1]] as const;
  return { origin, u: sideTo(corner(true, true)), v: sideTo(corner(false, false)) };
}
