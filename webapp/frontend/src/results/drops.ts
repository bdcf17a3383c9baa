// The settings that can leave a search without a match, and the search without each of them.

import type { Search, SearchRequest } from '../api/types';
import { ORIGIN_NAMES } from '../state/origin';
import { requestOf, type PageState } from '../state/page';

interface Drop {
  /** The setting in a few words. */
  name: string;
  /** What of the settings changes without it; the drawn area is none of them. */
  part: Partial<Search> | 'area';
  /** The search without it, for one match. */
  request: SearchRequest | null;
}

export function dropsOf(page: PageState): Drop[] {
  const { search, area, areaUse } = page;
  const parts: [string | false, Partial<Search>][] = [
    [search.continents.length > 0 && `only in ${search.continents.join(', ')}`, { continents: [] }],
    [search.countries.length > 0 && `only in ${countryNames(search.countries)}`, { countries: [] }],
    [search.exclude_countries.length > 0 && `not in ${countryNames(search.exclude_countries)}`, { exclude_countries: [] }],
    [search.min_similarity !== null && `similarity from ${search.min_similarity}`, { min_similarity: null }],
    [search.exclude_within_m > 0 && `not within ${search.exclude_within_m / 1000} km`, { exclude_within_m: 0 }],
    [search.exclude_same_city && 'other cities only', { exclude_same_city: false }],
    [search.origin !== null && ORIGIN_NAMES[search.origin].summary, { origin: 'any' }],
  ];
  const drops = parts
    .filter((entry): entry is [string, Partial<Search>] => entry[0] !== false)
    .map(([name, part]): Drop => ({ name, part, request: requestOf({ ...page, search: { ...search, ...part, k: 1 } }) }));
  if (area && areaUse === 'within') {
    drops.push({ name: 'inside the drawn area', part: 'area', request: requestOf({ ...page, area: null, search: { ...search, k: 1 } }) });
  }
  return drops;
}

const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

/** Return the names of countries, by their ISO 3166-1 codes. */
const countryNames = (codes: string[]): string => codes.map((code) => (/^[A-Z]{2}$/.test(code) ? names.of(code) : code)).join(', ');
