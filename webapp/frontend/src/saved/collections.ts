// Collections of saved places: how they change, and how they are written to files and read again.

import type { Feature, FeatureCollection, Geometry, Polygon } from 'geojson';
import type { Match } from '../api/types';
import { isOwn, OWN_UNITS, type Unit } from '../geo/unit';

export interface SavedPlace {
  unit: Unit;
  /** The id of the tile, block or item. */
  id: number;
  city: string;
  country: string;
  isSynthetic: boolean;
  footprint: Polygon;
}

/** Return a tile, block or item as it is saved, from its match or its tile. */
export const savedPlace = (unit: Unit, id: number, { city, country, is_synthetic, footprint }: Pick<Match, 'city' | 'country' | 'is_synthetic' | 'footprint'>): SavedPlace => ({
  unit,
  id,
  city,
  country,
  isSynthetic: is_synthetic === true,
  footprint,
});

export interface Collection {
  name: string;
  places: SavedPlace[];
}

export interface Collections {
  all: Collection[];
  /** The index of the collection that is shown and saved to. */
  current: number;
}

export const NO_COLLECTIONS: Collections = { all: [{ name: 'My places', places: [] }], current: 0 };

export const currentOf = ({ all, current }: Collections): Collection => all[current]!;

const isPlace = (place: Pick<SavedPlace, 'unit' | 'id'>, other: SavedPlace): boolean => place.unit === other.unit && place.id === other.id;

export const isSaved = (collections: Collections, place: Pick<SavedPlace, 'unit' | 'id'>): boolean =>
  currentOf(collections).places.some((other) => isPlace(place, other));

/** Save a place in the current collection, or remove it if it is there. */
export const toggled = (collections: Collections, place: SavedPlace): Collections =>
  withPlaces(collections, isSaved(collections, place) ? removed(currentOf(collections).places, place) : [...currentOf(collections).places, place]);

const removed = (places: SavedPlace[], place: SavedPlace) => places.filter((other) => !isPlace(place, other));

const withPlaces = (collections: Collections, places: SavedPlace[]): Collections => changed(collections, { ...currentOf(collections), places });

const changed = ({ all, current }: Collections, collection: Collection): Collections => ({
  all: all.map((other, i) => (i === current ? collection : other)),
  current,
});

/** Add a collection and make it the current one. */
export const withCollection = ({ all }: Collections, collection: Collection): Collections => ({ all: [...all, collection], current: all.length });

export const renamed = (collections: Collections, name: string): Collections => changed(collections, { ...currentOf(collections), name });

/** Remove the current collection; the last one becomes empty instead. */
export function withoutCurrent({ all, current }: Collections): Collections {
  const rest = all.filter((_, i) => i !== current);
  return rest.length === 0 ? NO_COLLECTIONS : { all: rest, current: Math.min(current, rest.length - 1) };
}

/** Return the ids to search for: those of the unit, or of the other unit if there are none. */
export function examplesOf(places: SavedPlace[], unit: Unit): { unit: Unit; ids: number[] } {
  const wanted = places.some((place) => place.unit === unit) ? unit : (places[0]?.unit ?? unit);
  return { unit: wanted, ids: places.filter((place) => place.unit === wanted).map(({ id }) => id) };
}

/** Return a collection as GeoJSON, with the ids under the names that SQL and the API use. */
export const toGeoJson = ({ name, places }: Collection): FeatureCollection & { name: string } => ({
  type: 'FeatureCollection',
  name,
  features: places.map(({ unit, id, city, country, isSynthetic, footprint }) => ({
    type: 'Feature',
    geometry: footprint,
    properties: { ...idsOf(unit, id), city, country, is_synthetic: isSynthetic },
  })),
});

/** Return the collection in the text of a GeoJSON file; null if no feature in it is a place of this page. */
export function fromGeoJson(text: string, fallbackName: string): Collection | null {
  const parsed = parsedJson(text) as Partial<FeatureCollection & { name: unknown; query: { unit?: string } }> | null;
  const features = Array.isArray(parsed?.features) ? parsed.features : [];
  const places = features.map((feature) => placeOf(feature, parsed?.query?.unit)).filter((place) => place !== null);
  if (places.length === 0) return null;
  return { name: typeof parsed?.name === 'string' ? parsed.name : fallbackName, places };
}

/** An item is known by its set and its number there. */
const idsOf = (unit: Unit, id: number) => (isOwn(unit) ? { [`${unit}_id`]: id } : { unit, item_id: id });

/** Return the unit of a feature: what it has an id of. The set of an item stands with it, or is what the exported search was for. */
function unitOf(properties: Feature['properties'], searched?: string): Unit | null {
  const own = OWN_UNITS.toReversed().find((name) => Number.isSafeInteger(properties?.[`${name}_id`]));
  if (own) return own;
  const set: unknown = properties?.unit ?? searched;
  return typeof set === 'string' && Number.isSafeInteger(properties?.item_id) ? set : null;
}

function placeOf(feature: Feature<Geometry | null>, searched?: string): SavedPlace | null {
  const { geometry, properties } = feature;
  const unit = unitOf(properties, searched);
  const footprint = polygonOf(geometry);
  if (!unit || !footprint) return null;
  const { city, country, is_synthetic } = properties!;
  return { unit, id: Number(properties![isOwn(unit) ? `${unit}_id` : 'item_id']), city: String(city ?? ''), country: String(country ?? ''), isSynthetic: is_synthetic === true, footprint };
}

/** Exports of a search contain multipolygons. */
function polygonOf(geometry: Geometry | null | undefined): Polygon | null {
  if (geometry?.type === 'Polygon') return geometry;
  return geometry?.type === 'MultiPolygon' && geometry.coordinates[0] ? { type: 'Polygon', coordinates: geometry.coordinates[0] } : null;
}

/** Return what the browser stored; empty collections if it stored nothing, or what an older page wrote. */
export function readCollections(text: string): Collections {
  const stored = parsedJson(text) as Collections | null;
  const isWhole = Array.isArray(stored?.all) && stored.all.length > 0 && stored.all.every(({ name, places }) => typeof name === 'string' && Array.isArray(places));
  return isWhole && stored.all[stored.current] ? stored : NO_COLLECTIONS;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
