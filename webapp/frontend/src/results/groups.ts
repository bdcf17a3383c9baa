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
  const counts = new Map<number, number>();
  for (const { city_id } of matches) counts.set(city_id, (counts.get(city_id) ?? 0) + 1);
  const seen = new Set<number>();
  return matches.flatMap((match) => {
    const isBest = !seen.has(match.city_id);
    seen.add(match.city_id);
    if (isBest) return [{ match, nMore: counts.get(match.city_id)! - 1 }];
    return openCityIds.has(match.city_id) ? [{ match, nMore: 0 }] : [];
  });
}
