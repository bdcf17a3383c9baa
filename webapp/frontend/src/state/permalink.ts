// The page's address: its query string contains the whole question, so that it can be shared, reloaded and gone back to.
// Not in it: the map's position (in the hash, kept by MapLibre), colours and tokens (preferences.ts).

import type { Polygon } from 'geojson';
import { SEARCH_ARGUMENTS } from '../api/schema';
import { nameOf } from '../geo/unit';
import { readLasso, writeLasso } from '../scatter/lasso';
import { listsOf } from './filters';
import { METHODS } from './methods';
import { ORIGINS } from './origin';
import { AREA_USES, COLOUR_BYS, DEFAULT_SEARCH, MAX_EXAMPLES, paneOf, type AskedChanges, type PageState } from './page';

/** Changes of these are steps that "back" undoes; other changes replace the address. */
const STEPS = ['unit', 'tile', 'block', 'item', 'positive', 'negative', 'area', 'area_use', 'compare', 'changes', 'help'];
/** tile, block, or the name of an imported set. */
const UNIT = /^[a-z0-9][a-z0-9_-]{0,59}$/;
/** About 10 m. */
const AREA_DECIMALS = 4;

export function readQuery(query: string): PageState {
  const values = new URLSearchParams(query);
  const oneOf = <T extends string>(name: string, allowed: readonly T[]) => allowed.find((value) => value === values.get(name)) ?? null;
  const number = (name: string) => integer(values.get(name));
  const list = (name: string) => values.get(name)?.split(',').filter(Boolean) ?? [];
  const ids = (name: string) => list(name).map(integer).filter((id) => id !== null).slice(0, MAX_EXAMPLES);
  const unit = UNIT.exec(values.get('unit') ?? '')?.[0] ?? (values.has('block') ? 'block' : 'tile');
  return {
    chosenId: number(nameOf(unit)),
    positive: ids('positive'),
    negative: ids('negative'),
    area: readArea(values.get('area')),
    areaUse: oneOf('area_use', AREA_USES) ?? 'within',
    search: {
      k: clamped('k', number('k')) ?? DEFAULT_SEARCH.k,
      unit,
      method: oneOf('method', METHODS),
      exclude_within_m: clamped('exclude_within_m', number('exclude_within_m')) ?? DEFAULT_SEARCH.exclude_within_m,
      exclude_same_city: values.get('exclude_same_city') !== 'false',
      max_per_city: clamped('max_per_city', number('max_per_city') || null),
      max_per_tile: clamped('max_per_tile', number('max_per_tile') || null),
      min_similarity: similarity(values.get('min_similarity')),
      origin: oneOf('origin', ORIGINS),
      ...listsOf(list),
    },
    shownId: number('shown'),
    imagery: values.get('imagery') || null,
    isSimilarityOn: values.has('similarity'),
    concept: values.get('concept') || null,
    scatter: oneOf('scatter', COLOUR_BYS),
    isMapHidden: values.has('scatter') && values.get('view') === 'plot',
    lasso: readLasso(values.get('lasso')),
    changes: readChanges(values.get('changes')),
    compareId: number('compare'),
    isHelpOpen: values.has('help'),
  };
}

/** Return the number within the limits of its argument: an address may be typed or older. */
function clamped(name: 'k' | 'exclude_within_m' | 'max_per_city' | 'max_per_tile', value: number | null): number | null {
  const { minimum, maximum } = SEARCH_ARGUMENTS[name];
  return value === null ? null : Math.max(Math.max(minimum, name === 'k' ? 1 : 0), Math.min(value, maximum));
}

function integer(text: string | null): number | null {
  const value = text ? Number(text) : NaN;
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function similarity(text: string | null): number | null {
  const value = text ? Number(text) : NaN;
  return value >= -1 && value <= 1 ? value : null;
}

/** Return the query string of a state, without "?"; defaults are left out. */
export function writeQuery(page: PageState): string {
  const query = new URLSearchParams();
  const set = (name: string, value: string | number | null) => value !== null && value !== '' && query.set(name, String(value));
  set(nameOf(page.search.unit), page.chosenId);
  set('positive', page.positive.join(','));
  set('negative', page.negative.join(','));
  set('area', page.area && writeArea(page.area));
  set('area_use', page.area && page.areaUse !== 'within' ? page.areaUse : null);
  const defaults: Record<string, unknown> = { ...DEFAULT_SEARCH };
  for (const [name, value] of Object.entries(page.search)) {
    if (String(value) !== String(defaults[name])) set(name, String(value));
  }
  set('shown', page.shownId);
  set('imagery', page.imagery);
  set('similarity', page.isSimilarityOn ? 1 : null);
  set('concept', page.concept);
  set('scatter', page.scatter);
  set('view', paneOf(page) === 'plot' ? 'plot' : null);
  set('lasso', page.lasso && writeLasso(page.lasso));
  set('changes', page.changes && [page.changes.cityId, page.changes.from, page.changes.to].join(','));
  set('compare', page.compareId);
  set('help', page.isHelpOpen ? 1 : null);
  return query.toString().replaceAll('%2C', ',').replaceAll('%3B', ';').replaceAll('%3A', ':').replaceAll('%2F', '/');
}

/** Whether the way from one query string to another is a step that "back" undoes. */
export function isStep(before: string, after: string): boolean {
  const [from, to] = [new URLSearchParams(before), new URLSearchParams(after)];
  return STEPS.some((name) => from.get(name) !== to.get(name));
}

/** city_id,first/last,first/last */
function readChanges(text: string | null): AskedChanges | null {
  const [, cityId, from, to] = /^(-?\d{1,15}),([\d-]{10}\/[\d-]{10}),([\d-]{10}\/[\d-]{10})$/.exec(text ?? '') ?? [];
  return from && to ? { cityId: Number(cityId), from, to } : null;
}

/** Return the ring's corners as lon,lat;lon,lat; the first is not repeated. */
const writeArea = (area: Polygon): string =>
  area.coordinates[0]!.slice(0, -1)
    .map((at) => at.map((value) => Number(value.toFixed(AREA_DECIMALS))).join(','))
    .join(';');

function readArea(text: string | null): Polygon | null {
  const ring = (text ?? '').split(';').map((pair) => pair.split(',').map(Number));
  const isRing = ring.length >= 3 && ring.every((at) => at.length === 2 && at.every(Number.isFinite));
  return isRing ? { type: 'Polygon', coordinates: [[...ring, ring[0]!]] } : null;
}
