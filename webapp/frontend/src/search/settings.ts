// The settings of a search as the question states them: in a few words, with the part of the page that edits them.

import type { Search } from '../api/types';
import { isOwn } from '../geo/unit';
import { LIST_FILTER_NAMES, LIST_FILTERS, type ListFilter } from '../state/filters';
import { METHOD_NAMES } from '../state/methods';
import { ORIGIN_NAMES } from '../state/origin';
import type { PageState } from '../state/page';
import { kilometres, plural } from '../ui/format';

/** Groups of settings that are edited together. */
export const EDITORS = ['where', 'number', 'similarity', 'origin', 'method'] as const;
export type EditorName = (typeof EDITORS)[number];

export interface Setting {
  text: string;
  editor: EditorName;
  /** What of the search changes without the setting. */
  without: Partial<Search>;
  /** Whether the setting leaves places out, so that an answer may be empty. */
  isFilter: boolean;
}

/** Return the settings that the question states, apart from the number of matches and its unit. */
export function settingsOf({ search, positive, area, areaUse }: Pick<PageState, 'search' | 'positive' | 'area' | 'areaUse'>): Setting[] {
  const { unit, method, exclude_within_m, exclude_same_city, max_per_city, max_per_tile, min_similarity, origin } = search;
  const ofOnePlace = positive.length === 0 && !(area && areaUse === 'like');
  const filter = (text: string | false, editor: EditorName, without: Partial<Search>) => text !== false && { text, editor, without, isFilter: true };
  const other = (text: string | false, editor: EditorName, without: Partial<Search>) => text !== false && { text, editor, without, isFilter: false };
  const settings = [
    filter(exclude_same_city && ofOnePlace && 'in other cities', 'where', { exclude_same_city: false }),
    filter(exclude_within_m > 0 && `farther than ${kilometres(exclude_within_m)}`, 'where', { exclude_within_m: 0 }),
    ...LIST_FILTER_NAMES.map((name) => filter(listPhrase(search, name), 'where', { [name]: [] })),
    other(max_per_city !== null && `${max_per_city} per city`, 'number', { max_per_city: null }),
    other(unit === 'block' && max_per_tile !== null && `${max_per_tile} per tile`, 'number', { max_per_tile: null }),
    filter(min_similarity !== null && `similarity at least ${min_similarity}`, 'similarity', { min_similarity: null }),
    filter(isOwn(unit) && origin !== null && ORIGIN_NAMES[origin].phrase, 'origin', { origin: origin === 'any' ? null : 'any' }),
    other(unit === 'tile' && method !== null && `by ${METHOD_NAMES[method]}`, 'method', { method: null }),
  ];
  return settings.filter((setting) => setting !== false);
}

/** Return a filter that is a list as the question states it; false if it is empty. */
const listPhrase = (search: Search, name: ListFilter): string | false => search[name].length > 0 && LIST_FILTERS[name].phrase(search[name]);

/** Whether the question limits neither where matches lie nor how far away. */
export const isAnywhere = ({ search, area }: Pick<PageState, 'search' | 'area'>): boolean =>
  search.exclude_within_m === 0 && area === null && LIST_FILTER_NAMES.every((name) => search[name].length === 0);

export const countText = ({ k }: Search): string => plural(k, 'match', 'matches');
