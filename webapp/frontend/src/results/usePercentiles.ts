import { getPairPercentiles } from '../api/client';
import type { Origin } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import type { Chosen } from '../state/chosen';
import { usePage } from '../state/PageProvider';

const NONE: number[] = [];

const originOf = ({ tile }: Chosen): Origin => (tile === null ? 'any' : tile.is_synthetic ? 'synthetic' : 'real');

/** Return the similarity that 0, 1, ..., 100 % of pairs are below, of the unit and origin of what is chosen; nothing until that is known. */
export function usePercentiles(): number[] {
  const { state, unit, chosen } = usePage();
  const { method } = state.page.search;
  const origin = chosen.value && originOf(chosen.value);
  const answer = useAnswer(origin && `${unit} ${method} ${origin}`, (signal) => getPairPercentiles(unit, unit === 'tile' ? method : null, origin!, signal));
  return answer.value ?? NONE;
}
