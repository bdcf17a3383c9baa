import type { Match } from '../api/types';

/** A match as the list shows it. */
export interface Listed {
  match: Match;
  /** How many matches of the same city, further down, it stands for. */
  nMore: number;
}

/** Return every match, or the best of each city and all of the cities that are open, in the order of their ranks. */
export function listedOf(matches: Match[], isGrouped: boolean, openCityIds: ReadonlySet<number>): Listed[] {
  if (!isGrouped) return matches.map((match) => ({ match, nMore: 0 }));
  const counts = countsOf(matches);
  const seen = new Set<number>();
  return matches.flatMap((match) => {
    const { city_id: cityId } = match;
    if (cityId === null) return [{ match, nMore: 0 }];
    const isBest = !seen.has(cityId);
    seen.add(cityId);
    if (isBest) return [{ match, nMore: counts.get(cityId)! - 1 }];
    return openCityIds.has(cityId) ? [{ match, nMore: 0 }] : [];
  });
}

/** Whether several matches lie in the same city. */
export const hasGroups = (matches: Match[]): boolean => [...countsOf(matches).values()].some((n) => n > 1);

/** Return the number of matches of each city; what lies in none is counted nowhere. */
function countsOf(matches: Match[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { city_id: cityId } of matches) if (cityId !== null) counts.set(cityId, (counts.get(cityId) ?? 0) + 1);
  return counts;
}
