/** West, south, east, north in degrees; east is beyond 180 if the box crosses that meridian. */
export type Bounds = [number, number, number, number];

/** Return the smallest box around places: it leaves out the widest gap between their meridians. */
export function boundsOf(places: { lon: number; lat: number }[]): Bounds {
  const lats = places.map(({ lat }) => lat);
  const lons = places.map(({ lon }) => lon).sort((a, b) => a - b);
  const last = lons.length - 1;
  let west = lons[0]!;
  let east = lons[last]!;
  let widest = 360 - (east - west);
  for (let i = 0; i < last; i++) {
    const gap = lons[i + 1]! - lons[i]!;
    if (gap <= widest) continue;
    widest = gap;
    west = lons[i + 1]!;
    east = lons[i]! + 360;
  }
  return [west, Math.min(...lats), east, Math.max(...lats)];
}
