import type { Match } from '../api/types';
import type { Unit } from '../geo/unit';
import { count, plural } from '../ui/format';

/** Return how many matches a search found, and how many tiles or blocks it compared for them. */
export function foundText(matches: Match[], unit: Unit): string {
  const [best] = matches;
  if (!best) return `No ${unit} meets these conditions.`;
  const found = plural(matches.length, 'match', 'matches');
  if (best.is_exact) return `${found} · every eligible ${unit} compared`;
  return `${found} · compared ${count(best.compared)} of the nearest; approximate`;
}
