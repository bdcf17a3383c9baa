import type { Match } from '../api/types';
import { count, plural } from '../ui/format';

/** Return how many matches a search found. */
export const foundText = (matches: Match[], unit: string): string =>
  matches.length === 0 ? `No ${unit} meets these conditions.` : plural(matches.length, 'match', 'matches');

/** Return how many tiles or blocks a search compared; nothing if it found none. */
export function comparedText([best]: Match[], unit: string): string {
  if (!best) return '';
  return best.is_exact ? `Every eligible ${unit} compared` : `Compared ${count(best.compared)} of the nearest; approximate`;
}
