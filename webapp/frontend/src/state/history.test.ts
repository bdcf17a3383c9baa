import { expect, test } from 'vitest';
import { reduceWithHistory } from './history';
import { readQuery } from './permalink';
import type { Action } from './actions';
import { initialState, type State } from './reducer';

const start = () => initialState(readQuery('tile=1'));
const after = (...actions: Action[]): State => actions.reduce(reduceWithHistory, start());

test('the question before returns, step by step', () => {
  const changed = after({ type: 'picked', id: 2 }, { type: 'exampleAdded', kind: 'positive', id: 3 }, { type: 'searchChanged', part: { k: 5 } });
  expect(changed.past).toHaveLength(3);
  const once = reduceWithHistory(changed, { type: 'undone' });
  expect([once.page.search.k, once.page.positive]).toEqual([20, [3]]);
  const twice = reduceWithHistory(once, { type: 'undone' });
  expect([twice.page.chosenId, twice.page.positive]).toEqual([2, []]);
  expect(reduceWithHistory(twice, { type: 'undone' }).page.chosenId).toBe(1);
});

test('without a question before nothing changes', () => expect(after({ type: 'undone' })).toEqual(start()));

test('what is not part of the question stays as it is', () => {
  const shown = after({ type: 'picked', id: 2 }, { type: 'scatterSwitched', colourBy: 'city' }, { type: 'matchShown', id: 7, at: { lon: 0, lat: 0 } });
  expect(shown.past).toHaveLength(1);
  const { page } = reduceWithHistory(shown, { type: 'undone' });
  expect([page.scatter, page.shownId, page.chosenId]).toEqual(['city', null, 1]);
});

test('the place that the page opens on is not a change by the user', () => {
  const opened = reduceWithHistory(initialState(readQuery('')), { type: 'opened', tileId: 5 });
  expect([opened.page.chosenId, opened.past]).toEqual([5, []]);
});
