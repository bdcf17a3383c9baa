// The part of the page's state that its address contains, and the search that it asks for.

import type { Polygon } from 'geojson';
import { SEARCH_ARGUMENTS } from '../api/schema';
import type { Search, SearchRequest } from '../api/types';
import { listsOf } from './filters';

export const AREA_USES = ['within', 'like'] as const;
/** A drawn area limits where matches may lie, or is itself what is searched for. */
export type AreaUse = (typeof AREA_USES)[number];

export const COLOUR_BYS = ['continent', 'city', 'similarity'] as const;
/** What colours the points of the scatter plot. */
export type ColourBy = (typeof COLOUR_BYS)[number];

export type ExampleKind = 'positive' | 'negative';

export interface PageState {
  tileId: number | null;
  /** Examples beside the chosen tile: more like these, less like those. */
  positive: number[];
  negative: number[];
  area: Polygon | null;
  areaUse: AreaUse;
  search: Search;
  /** The match that the map shows. */
  shownId: number | null;
  /** Null: the server's default. */
  imagery: string | null;
  /** Whether the map is coloured by similarity to the chosen tile. */
  isSimilarityOn: boolean;
  /** Null: the scatter plot is hidden. */
  scatter: ColourBy | null;
  /** The tile that is compared with the chosen one. */
  compareId: number | null;
  isHelpOpen: boolean;
}

export const DEFAULT_SEARCH: Search = {
  k: SEARCH_ARGUMENTS.k.default,
  method: SEARCH_ARGUMENTS.method.default,
  exclude_within_m: SEARCH_ARGUMENTS.exclude_within_m.default,
  exclude_same_city: SEARCH_ARGUMENTS.exclude_same_city.default,
  max_per_city: SEARCH_ARGUMENTS.max_per_city.default,
  min_similarity: SEARCH_ARGUMENTS.min_similarity.default,
  origin: SEARCH_ARGUMENTS.origin.default,
  ...listsOf(() => []),
};
export const MAX_EXAMPLES = SEARCH_ARGUMENTS.positive.maxItems;

/** Whether nothing is searched for, and nothing limits where. */
export const isQuestionless = ({ tileId, positive, negative, area }: PageState): boolean =>
  tileId === null && positive.length === 0 && negative.length === 0 && area === null;

/** Return the search as the API takes it; null if nothing is searched for. */
export function requestOf({ tileId, positive, negative, area, areaUse, search }: PageState): SearchRequest | null {
  const filters = { ...search, within: areaUse === 'within' ? area : null };
  const request = (path: string, anchor: object): SearchRequest => ({ path: `api/v1/${path}`, body: withoutEmpty({ ...anchor, ...filters }) });
  if (area && areaUse === 'like') return request('similar-to-area', { area });
  const examples = tileId === null ? positive : [tileId, ...positive];
  if (examples.length === 0) return null;
  if (examples.length === 1 && tileId !== null && negative.length === 0) return request('similar', { tile_id: tileId });
  return request('similar-to-examples', { positive: examples, negative });
}

const withoutEmpty = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)));
