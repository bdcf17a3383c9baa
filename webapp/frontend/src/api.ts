// The JSON API (webapp/api.py, webapp/search.py), with its names and units, and its errors.

import type { MultiPolygon, Polygon } from 'geojson';

export const METHODS = ['mean', 'dominant', 'median', 'min', 'max'] as const;
export type Method = (typeof METHODS)[number];

export interface Tile {
  tile_id: number;
  city_id: number;
  city: string;
  country_code: string;
  country: string;
  continent: string;
  period: string;
  valid_share: number;
  dominant_share: number;
  lon: number;
  lat: number;
  is_synthetic: boolean;
  has_thumbnail: boolean;
  footprint: Polygon;
  /** Where the patches of the dominant cluster lie. */
  dominant_area: MultiPolygon | null;
}

export interface SimilarTile {
  rank: number;
  tile_id: number;
  city_id: number;
  city: string;
  country_code: string;
  country: string;
  similarity: number;
  /** Null where what was asked about has no place. */
  distance_m: number | null;
  found_by: 'neighbours' | 'index' | 'exact';
  candidates: number;
  lon: number;
  lat: number;
  is_synthetic: boolean;
  has_thumbnail: boolean;
  footprint: Polygon;
}

export interface Encoder {
  name: string | null;
  weights: 'pretrained' | 'random' | 'fitted' | null;
  weights_sha256: string | null;
  dimension: number | null;
  post_processing: string | null;
  is_synthetic: boolean;
  n_tiles: number;
  n_cities: number;
  n_countries: number;
}

/** How alike two tiles are (cosine), and how far apart. */
export interface Similarity {
  similarity: number;
  distance_m: number;
}

/** Which tiles may be found, and how they are compared; distances in metres as everywhere below the page. */
export interface Search {
  k: number;
  method: Method;
  exclude_within_m: number;
  exclude_same_city: boolean;
  max_per_city: number | null;
  min_similarity: number | null;
  continents: string[];
  countries: string[];
}

export interface City {
  city_id: number;
  city: string;
  country_code: string;
  country: string;
  continent: string;
  lon: number;
  lat: number;
  n_tiles: number;
  is_synthetic: boolean;
  /** West, south, east, north. */
  bounds: [number, number, number, number];
}

export interface Country {
  code: string;
  name: string;
  continent: string;
  n_tiles: number;
}

export interface Imagery {
  id: string;
  name: string;
  /** XYZ template, with {token} where the user must bring one; null for no imagery. */
  tiles_url: string | null;
  attribution: string;
  max_zoom: number;
  needs_token: boolean;
}

export interface Config {
  imagery: Imagery[];
  default_imagery: string;
  tiles_url: string;
}

/** What is asked of a search: its address and its JSON body. */
export interface SearchRequest {
  path: string;
  body: Record<string, unknown>;
}

/** An answer that is no answer: a heading and a sentence for the user. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
  ) {
    super(title);
  }
}

export const toProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('Something went wrong', String(error), 0);

export const getTile = (tileId: number, signal: AbortSignal) => get<Tile>(`api/v1/tiles/${tileId}`, {}, signal);

export const getTileAt = (lon: number, lat: number, signal: AbortSignal) =>
  get<Tile>('api/v1/tile-at', { lon, lat }, signal);

export const getSimilarity = (a: number, b: number, method: Method, signal: AbortSignal) =>
  get<Similarity>('api/v1/similarity', { a, b, method }, signal);

export const thumbnailUrl = (tileId: number) => new URL(`api/v1/tiles/${tileId}/thumbnail`, document.baseURI).href;

export const getEncoder = (signal: AbortSignal) => get<Encoder>('api/v1/encoder', {}, signal);

export const getConfig = (signal: AbortSignal) => get<Config>('api/v1/config', {}, signal);

export const getCountries = async (signal: AbortSignal) =>
  (await get<{ countries: Country[] }>('api/v1/countries', {}, signal)).countries;

export const getCities = async (q: string, limit: number, signal: AbortSignal) =>
  (await get<{ cities: City[] }>('api/v1/cities', { q, limit }, signal)).cities;

export const getCity = (cityId: number, signal: AbortSignal) => get<City>(`api/v1/cities/${cityId}`, {}, signal);

export async function findSimilar({ path, body }: SearchRequest, signal: AbortSignal): Promise<SimilarTile[]> {
  const init = { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' }, signal };
  const answer = await checked(new URL(path, document.baseURI), init);
  return ((await answer.json()) as { tiles: SimilarTile[] }).tiles;
}

async function get<Answer>(path: string, parameters: Parameters, signal: AbortSignal): Promise<Answer> {
  return (await (await ask(path, parameters, signal)).json()) as Answer;
}

export type Parameters = Record<string, string | number | boolean | null>;

/** The server's good answer, of whatever content type; anything else is a Problem. */
export function ask(path: string, parameters: Parameters, signal: AbortSignal): Promise<Response> {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.set(name, String(value));
  }
  return checked(url, { signal });
}

async function checked(url: URL, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  const response = await fetch(url, init).catch((error: unknown) => {
    if (init.signal.aborted) throw error;
    throw new Problem('The server does not answer', 'Is it running? Try again in a moment.', 0);
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
  throw new Problem(body.title || `Error ${response.status}`, body.detail ?? '', response.status);
}
