import type { Search } from '../api/types';
import { summariesOf } from '../state/filters';
import { ORIGIN_NAMES } from '../state/origin';
import { DEFAULT_SEARCH } from '../state/page';
import { plural } from '../ui/format';

/** Return the settings that differ from the defaults, in a few words each. */
export function summaryOf(search: Search): string[] {
  const parts = [
    search.k !== DEFAULT_SEARCH.k && plural(search.k, 'match', 'matches'),
    search.unit === 'tile' && search.method !== null && search.method,
    search.exclude_within_m > 0 && `not within ${search.exclude_within_m / 1000} km`,
    !search.exclude_same_city && 'same city included',
    search.max_per_city !== null && `${search.max_per_city} per city`,
    search.unit === 'block' && search.max_per_tile !== null && `${search.max_per_tile} per tile`,
    search.min_similarity !== null && `similarity from ${search.min_similarity}`,
    search.origin !== null && ORIGIN_NAMES[search.origin].summary,
    ...summariesOf(search),
  ];
  return parts.filter((part) => part !== false);
}
