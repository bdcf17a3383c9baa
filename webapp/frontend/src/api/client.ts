// Requests to the JSON API. Every failure is a Problem.

import type { MultiPolygon, Polygon } from 'geojson';
import type { Place } from '../geo/blocks';
import { joined } from '../geo/footprint';
import type { Unit } from '../geo/unit';
import { Problem, problemIn } from './problem';
import { SEARCH_ARGUMENTS } from './schema';
import { N_CHANGES, type AskedChanges } from '../state/page';
import type { BlockPair, Block, Change, City, CityPeriod, Concept, Config, Country, Encoder, FoundItem, ImportedSet, Item, PairSimilarity, Method, Match, Origin, SearchRequest, FoundPlace, Similarity, Tile } from './types';

type Stored<Found extends { footprint: Polygon }> = Omit<Found, 'footprint'> & { footprint: MultiPolygon };
type Parameters = Record<string, string | number | boolean>;

export const getTile = async (tileId: number, signal?: AbortSignal): Promise<Tile> =>
  inOnePart(await getJson<Stored<Tile>>(`api/v1/tiles/${tileId}`, {}, signal));

export const getTileAt = async (lon: number, lat: number): Promise<Tile> =>
  inOnePart(await getJson<Stored<Tile>>('api/v1/tile-at', { lon, lat }));

export const getSets = async (signal?: AbortSignal) => (await getJson<{ sets: ImportedSet[] }>('api/v1/sets', {}, signal)).sets;

export const getItem = async (unit: Unit, itemId: number, signal?: AbortSignal): Promise<Item> =>
  itemOf(await getJson<Stored<FoundItem>>(`api/v1/sets/${unit}/items/${itemId}`, {}, signal));

/** Return the item of a set that is nearest to a position, within 5 km. */
export const getItemAt = async (unit: Unit, lon: number, lat: number): Promise<Item> =>
  itemOf(await getJson<Stored<FoundItem>>(`api/v1/sets/${unit}/item-at`, { lon, lat }));

const itemOf = (found: Stored<FoundItem>): Item => named(inOnePart(found));

export const getBlockAt = (lon: number, lat: number) => getJson<Block>('api/v1/block-at', { lon, lat });

export const getSimilarity = (a: number, b: number, method: Method | null, signal: AbortSignal) =>
  getJson<Similarity>('api/v1/similarity', { a, b, ...(method && { method }) }, signal);

/** Return the similarity that 0, 1, ..., 100 % of pairs of tiles or blocks of an origin are below. */
export const getPairPercentiles = async (unit: Unit, method: Method | null, origin: Origin, signal: AbortSignal) =>
  (await getJson<{ similarities: number[] }>('api/v1/pair-percentiles', { unit, origin, ...(method && { method }) }, signal)).similarities;

/** Return the blocks that make two tiles similar, the most similar pair first. */
export const getMatchingBlocks = async (a: number, b: number, signal: AbortSignal) =>
  (await getJson<{ pairs: BlockPair[] }>('api/v1/matching-blocks', { a, b }, signal)).pairs;

export const thumbnailUrl = (tileId: number) => urlOf(`api/v1/tiles/${tileId}/thumbnail`).href;

/** A block in the middle of its surroundings of 960 m. */
export const blockPictureUrl = (blockId: number) => urlOf(`api/v1/blocks/${blockId}/thumbnail`).href;

/** The place of an item, as our tiles show it. */
export const itemPictureUrl = (unit: Unit, itemId: number) => urlOf(`api/v1/sets/${unit}/items/${itemId}/thumbnail`).href;

/** Return the picture of a tile, block or item. */
export function pictureUrl(unit: Unit, id: number): string {
  if (unit === 'tile') return thumbnailUrl(id);
  return unit === 'block' ? blockPictureUrl(id) : itemPictureUrl(unit, id);
}

export const getEncoder = (signal: AbortSignal) => getJson<Encoder>('api/v1/encoder', {}, signal);

/** Return the concepts whose keys are those that are searched. */
export const getConcepts = async (signal: AbortSignal) =>
  (await getJson<{ concepts: Concept[] }>('api/v1/concepts', {}, signal)).concepts.filter(({ is_current }) => is_current);

/** Everything that belongs to a concept, as CSV. */
export const conceptItemsUrl = (name: string) => urlOf(`api/v1/concepts/${name}/items`).href;

export const getConfig = (signal: AbortSignal) => getJson<Config>('api/v1/config', {}, signal);

export const getCountries = async (signal: AbortSignal) =>
  (await getJson<{ countries: Country[] }>('api/v1/countries', {}, signal)).countries;

export const getCities = async (q: string, limit: number, signal: AbortSignal) =>
  (await getJson<{ cities: City[] }>('api/v1/cities', { q, limit }, signal)).cities;

/** Return the periods of known date of which a city has tiles, oldest first. */
export const getPeriods = async (cityId: number, signal: AbortSignal): Promise<string[]> =>
  (await getJson<{ periods: CityPeriod[] }>(`api/v1/cities/${cityId}/periods`, {}, signal)).periods
    .filter((found) => found.is_date_known)
    .map(({ period }) => period);

/** Return the blocks of a city that changed most unusually between two periods, most first. */
export const getChanges = async ({ cityId, from, to }: AskedChanges, signal: AbortSignal) =>
  (await getJson<{ changes: Change[] }>('api/v1/changes', { city_id: cityId, period_a: from, period_b: to, k: N_CHANGES }, signal)).changes;

export const getCity = (cityId: number) => getJson<City>(`api/v1/cities/${cityId}`);

export async function findSimilar(request: SearchRequest, signal: AbortSignal): Promise<Match[]> {
  const response = await postSearch(request, {}, signal);
  const { matches } = (await response.json()) as { matches: Stored<FoundPlace>[] };
  return matches.map((match) => ({ ...named(inOnePart(match)), id: match.item_id }));
}

/** Return the key of a question, which colours the map by similarity to it. */
export async function getKey({ path, body }: SearchRequest, signal: AbortSignal): Promise<string> {
  const response = await postSearch({ path, body: { ...body, k: 1 } }, { with_key: true }, signal);
  return ((await response.json()) as { key: string }).key;
}

/** Return the similarity of two blocks or items: the API compares them as a search inside the outline of one of them. */
export async function getSimilarityBySearch(unit: Unit, a: number, b: Place, signal: AbortSignal): Promise<PairSimilarity> {
  const inside = { within: b.footprint, exclude_same_city: false };
  const request =
    unit === 'block'
      ? { path: 'api/v1/similar-blocks', body: { block_id: a, origin: 'any', ...inside } }
      : { path: 'api/v1/similar-to-examples', body: { positive: [a], unit, k: SEARCH_ARGUMENTS.k.maximum, ...inside } };
  const found = (await findSimilar(request, signal)).find(({ id }) => id === b.id);
  if (!found) throw new Problem('The two cannot be compared', `A search inside the outline of ${b.id} does not find it.`, 404);
  return { method: unit === 'block' ? 'mean' : null, similarity: found.similarity, distance_m: found.distance_m ?? 0 };
}

export function postSearch({ path, body }: SearchRequest, parameters: Parameters = {}, signal?: AbortSignal): Promise<Response> {
  return send(urlOf(path, parameters), {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
    ...(signal && { signal }),
  });
}

export async function getJson<Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Answer> {
  return (await (await get(path, parameters, signal)).json()) as Answer;
}

/** Return a successful response, of any content type. */
export const get = (path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Response> =>
  send(urlOf(path, parameters), signal ? { signal } : {});

/** Say in words what lies in no city or no country. */
const named = <Found extends { item_id: number; city: string | null; country: string | null }>(found: Found) => ({
  ...found,
  city: found.city ?? `Item ${found.item_id}`,
  country: found.country ?? 'at sea',
});

function inOnePart<Found extends { footprint: MultiPolygon }>(found: Found) {
  return { ...found, footprint: joined(found.footprint) };
}

function urlOf(path: string, parameters: Parameters = {}): URL {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return url;
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    if (!navigator.onLine) throw new Problem('This browser is offline', 'The page asks again as soon as it is back online.', 0);
    throw new Problem('The server does not answer', 'Check that it is running, then try again.', 0);
  });
  if (!response.ok) throw await problemIn(response);
  return response;
}
