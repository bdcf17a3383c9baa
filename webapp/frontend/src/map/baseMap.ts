// The base map: countries of Natural Earth (1:50m, public domain) from world-atlas, a file of our own server.

import type { MultiLineString, MultiPolygon, Position } from 'geojson';
import { merge, mesh } from 'topojson-client';
import type { GeometryCollection, MultiPolygon as TopoMultiPolygon, Polygon as TopoPolygon, Topology } from 'topojson-specification';
import countriesUrl from 'world-atlas/countries-50m.json?url';

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

export interface BaseMap {
  land: MultiPolygon;
  borders: MultiLineString;
}

export async function loadBaseMap(): Promise<BaseMap> {
  const response = await fetch(countriesUrl);
  if (!response.ok) throw new Error(`the base map is missing (${response.status})`);
  const world = (await response.json()) as World;
  const land = merge(world, world.objects.land.geometries as (TopoPolygon | TopoMultiPolygon)[]);
  const borders = mesh(world, world.objects.countries, (a, b) => a !== b);
  return {
    land: { ...land, coordinates: land.coordinates.map((polygon) => polygon.map(flatRing)) },
    borders: { ...borders, coordinates: borders.coordinates.map(unwrapped) },
  };
}

const WEB_MERCATOR_LIMIT_DEG = 85.0511;

/** world-atlas is drawn on a sphere: where a line crosses 180 degrees, go on beyond instead of jumping back. */
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

/** A ring around a pole (Antarctica) ends a full turn from where it began: it is closed along the map's edge. */
function flatRing(ring: Position[]): Position[] {
  const flat = unwrapped(ring);
  const [first, last] = [flat[0]!, flat.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) < 180) return flat;
  const edge = first[1]! < 0 ? -WEB_MERCATOR_LIMIT_DEG : WEB_MERCATOR_LIMIT_DEG;
  return [...flat, [last[0]!, edge], [first[0]!, edge], first];
}
