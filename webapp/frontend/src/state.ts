// The state of the page, all of it in the address, so that it can be shared, reloaded and gone back from.
// Beside it only: the map's position (in the hash, kept by MapLibre), colours and tokens, which are the user's own (preferences.ts).

import type { Polygon } from 'geojson';
import { METHODS, type Search, type SearchRequest } from './api';
import { COLOUR_BYS, type ColourBy } from './scatter/colours';

export const AREA_USES = ['within', 'like'] as const;
/** A drawn area bounds where results may lie, or is itself what they shall be like. */
export type AreaUse = (typeof AREA_USES)[number];

export interface PageState {
  tileId: number | null;
  /** More like these, less like those, beside the chosen tile. */
  positive: number[];
  negative: number[];
  area: Polygon | null;
  areaUse: AreaUse;
  search: Search;
  /** The result that the map went to. */
  shownId: number | null;
  /** Null: what the server suggests. */
  imagery: string | null;
  /** Whether the map is coloured by similarity to the chosen tile. */
  isSimilarityOn: boolean;
  /** The scatter plot's colours; null: it is not shown. */
  scatter: ColourBy | null;
  /** The tile that is compared with the chosen one. */
  compareId: number | null;
  isHelpOpen: boolean;
}

export const DEFAULT_SEARCH: Search = {
  k: 20,
  method: 'mean',
  exclude_within_m: 0,
  exclude_same_city: true,
  max_per_city: null,
  min_similarity: null,
  continents: [],
  countries: [],
};
/** The API's limits. */
export const MAX_K = 1000;
export const MAX_EXAMPLES = 100;
/** About 10 m. */
const AREA_DECIMALS = 4;

/** The question as the API takes it; null while nothing is asked. */
export function requestOf({ tileId, positive, negative, area, areaUse, search }: PageState): SearchRequest | null {
  const filters = {
    ...search,
    continents: search.continents.length > 0 ? search.continents : null,
    countries: search.countries.length > 0 ? search.countries : null,
    within: areaUse === 'within' ? area : null,
  };
  if (area && areaUse === 'like') return { path: 'api/v1/similar-to-area', body: { area, ...filters } };
  const examples = tileId === null ? positive : [tileId, ...positive];
  if (examples.length === 0) return null;
  if (tileId !== null && positive.length + negative.length === 0) {
    return { path: 'api/v1/similar', body: { tile_id: tileId, ...filters } };
  }
  return { path: 'api/v1/similar-to-examples', body: { positive: examples, negative, ...filters } };
}

export function readLocation(): PageState {
  const values = new URLSearchParams(window.location.search);
  const text = (name: string) => values.get(name) || null;
  const oneOf = <T extends string>(name: string, allowed: readonly T[]) => allowed.find((value) => value === values.get(name)) ?? null;
  const number = (name: string) => integer(values.get(name));
  const list = (name: string) => values.get(name)?.split(',').filter(Boolean) ?? [];
  const ids = (name: string) => list(name).map(integer).filter((id) => id !== null).slice(0, MAX_EXAMPLES);
  return {
    tileId: number('tile'),
    positive: ids('positive'),
    negative: ids('negative'),
    area: readArea(values.get('area')),
    areaUse: oneOf('area_use', AREA_USES) ?? 'within',
    search: {
      k: number('k') ?? DEFAULT_SEARCH.k,
      method: oneOf('method', METHODS) ?? DEFAULT_SEARCH.method,
      exclude_within_m: number('exclude_within_m') ?? DEFAULT_SEARCH.exclude_within_m,
      exclude_same_city: values.get('exclude_same_city') !== 'false',
      max_per_city: number('max_per_city') || null,
      min_similarity: share(values.get('min_similarity')),
      continents: list('continents'),
      countries: list('countries'),
    },
    shownId: number('shown'),
    imagery: text('imagery'),
    isSimilarityOn: values.has('similarity'),
    scatter: oneOf('scatter', COLOUR_BYS),
    compareId: number('compare'),
    isHelpOpen: values.has('help'),
  };
}

function integer(text: string | null): number | null {
  const value = text ? Number(text) : NaN;
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function share(text: string | null): number | null {
  const value = text ? Number(text) : NaN;
  return value >= -1 && value <= 1 ? value : null;
}

function queryOf(state: PageState): URLSearchParams {
  const query = new URLSearchParams();
  const set = (name: string, value: string | number | null) => value !== null && value !== '' && query.set(name, String(value));
  set('tile', state.tileId);
  set('positive', state.positive.join(','));
  set('negative', state.negative.join(','));
  set('area', state.area && writeArea(state.area));
  set('area_use', state.area && state.areaUse !== 'within' ? state.areaUse : null);
  for (const [name, value] of Object.entries(state.search)) {
    if (String(value) !== String(DEFAULT_SEARCH[name as keyof Search])) set(name, String(value));
  }
  set('shown', state.shownId);
  set('imagery', state.imagery);
  set('similarity', state.isSimilarityOn ? 1 : null);
  set('scatter', state.scatter);
  set('compare', state.compareId);
  set('help', state.isHelpOpen ? 1 : null);
  return query;
}

/** What makes a step that "back" undoes; changed settings only replace the address. */
const STEPS = ['tile', 'positive', 'negative', 'area', 'area_use', 'compare', 'help'];

export function writeLocation(state: PageState): void {
  const url = new URL(window.location.href);
  const query = queryOf(state);
  const isStep = STEPS.some((name) => query.get(name) !== url.searchParams.get(name));
  url.search = query.toString().replaceAll('%2C', ',').replaceAll('%3B', ';');
  if (url.href !== window.location.href) window.history[isStep ? 'pushState' : 'replaceState'](null, '', url);
}

/** The ring's corners as lon,lat;lon,lat, the first not repeated. */
const writeArea = (area: Polygon): string =>
  area.coordinates[0]!.slice(0, -1)
    .map((at) => at.map((value) => Number(value.toFixed(AREA_DECIMALS))).join(','))
    .join(';');

function readArea(text: string | null): Polygon | null {
  const ring = (text ?? '').split(';').map((pair) => pair.split(',').map(Number));
  const isRing = ring.length >= 3 && ring.every((at) => at.length === 2 && at.every(Number.isFinite));
  return isRing ? { type: 'Polygon', coordinates: [[...ring, ring[0]!]] } : null;
}
