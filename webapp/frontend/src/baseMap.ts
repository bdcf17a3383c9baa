// The base map: countries of Natural Earth (1:50m, public domain) from world-atlas, a file of our own server.

import type { Feature, MultiLineString } from 'geojson';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import countriesUrl from 'world-atlas/countries-50m.json?url';

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

export interface BaseMap {
  land: Feature | GeoJSON.FeatureCollection;
  borders: MultiLineString;
}

export async function loadBaseMap(): Promise<BaseMap> {
  const world = (await (await fetch(countriesUrl)).json()) as World;
  return {
    land: feature(world, world.objects.land),
    borders: mesh(world, world.objects.countries, (a, b) => a !== b),
  };
}
