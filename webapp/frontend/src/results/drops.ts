// The settings that can leave a search without a match, and the search without each of them.

import type { Search, SearchRequest } from '../api/types';
import { settingsOf } from '../search/settings';
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
  const drops = settingsOf(page)
    .filter(({ isFilter }) => isFilter)
    .map(({ text, without }): Drop => ({ name: text, part: without, request: requestOf({ ...page, search: { ...search, ...without, k: 1 } }) }));
  if (area && areaUse === 'within') {
    drops.push({ name: 'inside the drawn area', part: 'area', request: requestOf({ ...page, area: null, search: { ...search, k: 1 } }) });
  }
  return drops;
}
