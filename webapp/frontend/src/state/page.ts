// The part of the page's state that its address contains, and the search that it asks for.

import type { Polygon } from 'geojson';
import { SEARCH_ARGUMENTS } from '../api/schema';
import type { Search, SearchRequest } from '../api/types';
import { isOwn } from '../geo/unit';
import type { Lasso } from '../scatter/lasso';
import { listsOf } from './filters';

export const AREA_USES = ['within', 'like'] as const;
/** A drawn area limits where matches may lie, or is itself what is searched for. */
export type AreaUse = (typeof AREA_USES)[number];

export const COLOUR_BYS = ['continent', 'city', 'similarity'] as const;
/** What colours the points of the scatter plot. */
export type ColourBy = (typeof COLOUR_BYS)[number];

export const PANES = ['map', 'split', 'plot'] as const;
export type Pane = (typeof PANES)[number];

export type ExampleKind = 'positive' | 'negative';

/** So many changed places are listed, and numbered on the map. */
export const N_CHANGES = 20;

/** Two periods of a city, first and last day each. */
export interface AskedChanges {
  cityId: number;
  from: string;
  to: string;
}

export interface PageState {
  /** The chosen tile, block or item. All ids of the state are of the unit that is searched. */
  chosenId: number | null;
  /** Examples beside the chosen one: more like these, less like those. */
  positive: number[];
  negative: number[];
  area: Polygon | null;
  areaUse: AreaUse;
  search: Search;
  /** The match that the map shows. */
  shownId: number | null;
  /** Null: the server's default. */
  imagery: string | null;
  /** Whether map and plot are coloured by similarity. */
  isSimilarityOn: boolean;
  /** The concept that they are coloured by similarity to; null: the question. */
  concept: string | null;
  /** Where and between which periods changes are shown; null: they are not. */
  changes: AskedChanges | null;
  /** Null: the scatter plot is hidden. */
  scatter: ColourBy | null;
  /** Whether the scatter plot takes the place of the map. */
  isMapHidden: boolean;
  /** What selects tiles in the scatter plot. */
  lasso: Lasso | null;
  /** The tile, block or item that is compared with the chosen one. */
  compareId: number | null;
  isHelpOpen: boolean;
}

export const DEFAULT_SEARCH: Search = {
  k: SEARCH_ARGUMENTS.k.default,
  unit: SEARCH_ARGUMENTS.unit.default,
  method: SEARCH_ARGUMENTS.method.default,
  exclude_within_m: SEARCH_ARGUMENTS.exclude_within_m.default,
  exclude_same_city: SEARCH_ARGUMENTS.exclude_same_city.default,
  max_per_city: SEARCH_ARGUMENTS.max_per_city.default,
  max_per_tile: SEARCH_ARGUMENTS.max_per_tile.default,
  min_similarity: SEARCH_ARGUMENTS.min_similarity.default,
  origin: SEARCH_ARGUMENTS.origin.default,
  ...listsOf(() => []),
};
export const MAX_EXAMPLES = SEARCH_ARGUMENTS.positive.maxItems;

/** Return what is shown beside the panel. */
export const paneOf = ({ scatter, isMapHidden }: Pick<PageState, 'scatter' | 'isMapHidden'>): Pane => (scatter === null ? 'map' : isMapHidden ? 'plot' : 'split');

/** Whether nothing is searched for, and nothing limits where. */
export const isQuestionless = ({ chosenId, positive, negative, area }: PageState): boolean =>
  chosenId === null && positive.length === 0 && negative.length === 0 && area === null;

/** Return the search as the API takes it; null if nothing is searched for. */
export function requestOf({ chosenId, positive, negative, area, areaUse, search }: PageState): SearchRequest | null {
  const filters = { ...filtersOf(search), within: areaUse === 'within' ? area : null };
  const request = (path: string, anchor: object, changed: Partial<Search> = {}): SearchRequest => ({
    path: `api/v1/${path}`,
    body: withoutEmpty({ ...anchor, ...filters, ...changed }),
  });
  const unit = search.unit === DEFAULT_SEARCH.unit ? {} : { unit: search.unit };
  if (area && areaUse === 'like') return request('similar-to-area', { area, ...unit });
  const examples = chosenId === null ? positive : [chosenId, ...positive];
  if (examples.length === 0) return null;
  const isOfOne = examples.length === 1 && chosenId !== null && negative.length === 0;
  if (isOfOne && isOwn(search.unit)) return request(search.unit === 'tile' ? 'similar' : 'similar-blocks', { [`${search.unit}_id`]: chosenId });
  // Examples are left out themselves, but not their cities.
  const anywhere = positive.length > 0 ? { exclude_same_city: false } : {};
  return request('similar-to-examples', { positive: examples, negative, ...unit }, anywhere);
}

/** Return the filters that the unit has: all blocks and items have the same method, a tile contains one tile, and items have no origin. */
function filtersOf({ unit, method, max_per_tile, origin, ...shared }: Search): Partial<Search> {
  if (unit === 'tile') return { ...shared, origin, method };
  return unit === 'block' ? { ...shared, origin, max_per_tile } : shared;
}

const withoutEmpty = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)));
