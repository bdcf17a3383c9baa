import type { Polygon } from 'geojson';
import { expect, test } from 'vitest';
import { Problem } from '../api/problem';
import type { PageState } from './page';
import { readQuery } from './permalink';
import { initialState, reduce, type Action, type State } from './reducer';

const AREA: Polygon = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }; // prettier-ignore
const stateOf = (page: Partial<PageState> = {}, rest: Partial<State> = {}): State => ({
  ...initialState({ ...readQuery(''), ...page }),
  ...rest,
});
const after = (state: State, ...actions: Action[]): State => actions.reduce(reduce, state);

test('picking a tile starts a new question', () => {
  const before = stateOf({ tileId: 1, positive: [2], negative: [3], compareId: 4, shownId: 5 }, { notice: new Problem('a', 'b', 404) });
  const { page, notice } = after(before, { type: 'tilePicked', tileId: 9 });
  expect(page).toMatchObject({ tileId: 9, positive: [], negative: [], compareId: null, shownId: null });
  expect(notice).toBeNull();
});

test('picking a tile keeps the settings and an area that limits the search', () => {
  const before = after(stateOf({ area: AREA }), { type: 'searchChanged', part: { k: 5 } });
  expect(after(before, { type: 'tilePicked', tileId: 9 }).page).toMatchObject({ area: AREA, search: { k: 5 } });
});

test('picking a tile or adding an example replaces an area that was searched for', () => {
  const before = stateOf({ area: AREA, areaUse: 'like' });
  const withoutArea = { area: null, areaUse: 'within' };
  expect(after(before, { type: 'tilePicked', tileId: 9 }).page).toMatchObject(withoutArea);
  expect(after(before, { type: 'exampleAdded', kind: 'positive', tileId: 9 }).page).toMatchObject({ ...withoutArea, positive: [9] });
});

test('the picked tile stays hovered, any other does not', () => {
  const before = stateOf({}, { hoveredId: 9 });
  expect(after(before, { type: 'tilePicked', tileId: 9 }).hoveredId).toBe(9);
  expect(after(before, { type: 'tilePicked', tileId: 8 }).hoveredId).toBeNull();
});

test('an example counts once, on one side', () => {
  const before = stateOf({ positive: [1, 2], negative: [3] });
  expect(after(before, { type: 'exampleAdded', kind: 'negative', tileId: 1 }).page).toMatchObject({ positive: [2], negative: [3, 1] });
  expect(after(before, { type: 'exampleAdded', kind: 'positive', tileId: 2 }).page).toMatchObject({ positive: [1, 2], negative: [3] });
});

test('showing a match moves the map and marks the row', () => {
  const { page, view } = after(stateOf(), { type: 'matchShown', tileId: 4, at: { lon: 1, lat: 2 } });
  expect(page.shownId).toBe(4);
  expect(view).toEqual({ lon: 1, lat: 2 });
  expect(after(stateOf({ shownId: 4 }), { type: 'chosenTileShown', at: { lon: 3, lat: 4 } }).page.shownId).toBeNull();
});

test('settings that are not named stay', () => {
  const { page } = after(stateOf(), { type: 'searchChanged', part: { k: 5 } }, { type: 'searchChanged', part: { exclude_countries: ['FR'] } });
  expect(page.search).toMatchObject({ k: 5, exclude_countries: ['FR'], exclude_same_city: true });
});

test('hovering over the same tile again changes nothing', () => {
  const before = stateOf({}, { hoveredId: 9 });
  expect(after(before, { type: 'hovered', tileId: 9 })).toBe(before);
});

test('a search takes at most 100 tiles of the lasso, spread evenly', () => {
  const lassoIds = Array.from({ length: 250 }, (_, i) => i);
  const { page } = after(stateOf({ tileId: 3, areaUse: 'like' }, { lassoIds }), { type: 'lassoSearched' });
  expect(page).toMatchObject({ tileId: null, areaUse: 'within' });
  expect(page.positive).toHaveLength(100);
  expect([page.positive[0], page.positive[1], page.positive[99]]).toEqual([0, 2, 247]);
});

test('an address that was gone back to replaces the question and nothing else', () => {
  const before = stateOf({ tileId: 2 }, { lassoIds: [1], hoveredId: 5 });
  const { page, lassoIds, hoveredId } = after(before, { type: 'addressChanged', page: readQuery('?tile=1') });
  expect({ tileId: page.tileId, lassoIds, hoveredId }).toEqual({ tileId: 1, lassoIds: [1], hoveredId: 5 });
});

test('the page opens on a tile unless there is a question, and goes back to it', () => {
  const start = after(stateOf(), { type: 'opened', tileId: 7 });
  expect(start.page.tileId).toBe(7);
  const back = after(start, { type: 'tilePicked', tileId: 9 }, { type: 'addressChanged', page: readQuery('') });
  expect(back.page.tileId).toBe(7);
  expect(after(stateOf({ tileId: 3 }), { type: 'opened', tileId: 7 }).page.tileId).toBe(3);
});

test('the tile that the page opened on can be removed', () => {
  expect(after(stateOf(), { type: 'opened', tileId: 7 }, { type: 'tilePicked', tileId: null }).page.tileId).toBeNull();
});
