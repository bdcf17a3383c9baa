// Footprints as the API returns them, cut in two at the antimeridian, and as the page draws them: one ring of four corners.

import type { MultiPolygon, Polygon, Position } from 'geojson';

/** Return the outline in one part. Across the antimeridian it goes on beyond 180 degrees. */
export function joined(footprint: MultiPolygon): Polygon {
  const [part, other] = footprint.coordinates;
  if (!other) return { type: 'Polygon', coordinates: part! };
  const east = footprint.coordinates
    .flatMap(([ring]) => ring!.slice(0, -1))
    .map(([lon, lat]): Position => [lon! < 0 ? lon! + 360 : lon!, lat!])
    .filter(([lon]) => lon !== 180);
  const [south, north] = [0, 2].map((i) => east.toSorted((a, b) => a[1]! - b[1]!).slice(i, i + 2));
  const westToEast = (side: Position[]) => side.toSorted((a, b) => a[0]! - b[0]!);
  const ring = [...westToEast(south!), ...westToEast(north!).reverse()];
  return { type: 'Polygon', coordinates: [[...ring, ring[0]!]] };
}
