import { getPairPercentiles } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { usePage } from '../state/PageProvider';

const NONE: number[] = [];

/** Return the similarity that 0, 1, ..., 100 % of pairs are below, of the unit and origin of what is chosen; nothing until that is known. */
export function usePercentiles(): number[] {
  const { state, unit, chosen } = usePage();
  const { method } = state.page.search;
  const origin = chosen.value && (chosen.value.tile.is_synthetic ? 'synthetic' : 'real');
  const answer = useAnswer(origin && `${unit} ${method} ${origin}`, (signal) => getPairPercentiles(unit, method, origin!, signal));
  return answer.value ?? NONE;
}
