// Undo: every change of the question can be taken back.

import type { PageState } from './page';
import type { Action } from './actions';
import { reduce, type State } from './reducer';

const MAX_UNDONE = 50;

type Question = Pick<PageState, 'chosenId' | 'positive' | 'negative' | 'area' | 'areaUse' | 'search'>;

/** Return the next state. The question before a change of it is kept, and returns with the action `undone`. */
export function reduceWithHistory(state: State, action: Action): State {
  if (action.type === 'undone') return undone(state);
  const after = reduce(state, action);
  if (action.type === 'opened' || isSameQuestion(state.page, after.page)) return after;
  return { ...after, past: [...state.past, state.page].slice(-MAX_UNDONE) };
}

function undone(state: State): State {
  const before = state.past.at(-1);
  if (!before) return state;
  return {
    ...state,
    page: { ...state.page, ...questionOf(before), shownId: null, compareId: null },
    past: state.past.slice(0, -1),
    hoveredId: null,
    blocklessTileId: null,
    notice: null,
  };
}

const questionOf = ({ chosenId, positive, negative, area, areaUse, search }: PageState): Question => ({ chosenId, positive, negative, area, areaUse, search });

const isSameQuestion = (a: PageState, b: PageState): boolean => a === b || JSON.stringify(questionOf(a)) === JSON.stringify(questionOf(b));
