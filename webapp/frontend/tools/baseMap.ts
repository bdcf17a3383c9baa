// Makes the base map when the page is built: land and country borders of Natural Earth (public domain) from world-atlas,
// as GeoJSON files that MapLibre's worker loads. The scale is 1:110m for the whole world and 1:50m for higher zooms.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FeatureCollection, Geometry, Position } from 'geojson';
import { merge, mesh } from 'topojson-client';
import type { GeometryCollection, MultiPolygon as TopoMultiPolygon, Polygon as TopoPolygon, Topology } from 'topojson-specification';

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

const OUT = new URL('../src/map/generated/', import.meta.url);
const WEB_MERCATOR_LIMIT_DEG = 85.0511;
/** 0.001 degrees are 110 m; the grid of world-atlas itself has 0.0036 degrees. */
const DECIMALS = 3;

await mkdir(OUT, { recursive: true });
await write('base.json', '50m');
await write('overview.json', '110m');

async function write(file: string, scale: '50m' | '110m'): Promise<void> {
  const path = fileURLToPath(import.meta.resolve(`world-atlas/countries-${scale}.json`));
  const world = JSON.parse(await readFile(path, 'utf8')) as World;
  const land = merge(world, world.objects.land.geometries as (TopoPolygon | TopoMultiPolygon)[]);
  const borders = mesh(world, world.objects.countries, (a, b) => a !== b);
  const shapes: Geometry[] = [
    { ...land, coordinates: land.coordinates.map((polygon) => polygon.map(flatRing)) },
    { ...borders, coordinates: borders.coordinates.map(unwrapped) },
  ];
  const base: FeatureCollection = {
    type: 'FeatureCollection',
    features: shapes.map((geometry) => ({ type: 'Feature', properties: {}, geometry })),
  };
  const rounded = JSON.stringify(base, (_, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(DECIMALS)) : value));
  await writeFile(new URL(file, OUT), rounded);
}

/** world-atlas is drawn on a sphere: a line that crosses 180 degrees continues beyond instead of jumping back. */
function unwrapped(line: Position[]): Position[] {
  let turn = 0;
  return line.map((position, i) => {
    const [lon, lat] = position as [number, number];
    const before = line[i - 1]?.[0] ?? lon;
    if (lon - before > 180) turn -= 360;
    if (lon - before < -180) turn += 360;
    return [lon + turn, lat];
  });
}

/** A ring around a pole (Antarctica) ends 360 degrees from its start: it is closed along the map's edge. */
function flatRing(ring: Position[]): Position[] {
  const flat = unwrapped(ring);
  const [first, last] = [flat[0]!, flat.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) < 180) return flat;
  const edge = first[1]! < 0 ? -WEB_MERCATOR_LIMIT_DEG : WEB_MERCATOR_LIMIT_DEG;
  return [...flat, [last[0]!, edge], [first[0]!, edge], first];
}
