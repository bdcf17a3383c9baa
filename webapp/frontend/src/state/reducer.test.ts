import type { Polygon } from 'geojson';
import { expect, test } from 'vitest';
import { Problem } from '../api/problem';
import type { PageState } from './page';
import { readQuery } from './permalink';
import type { StateAction } from './actions';
import { initialState, reduce, type State } from './reducer';

const AREA: Polygon = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }; // prettier-ignore
const stateOf = (page: Partial<PageState> = {}, rest: Partial<State> = {}): State => ({
  ...initialState({ ...readQuery(''), ...page }),
  ...rest,
});
const after = (state: State, ...actions: StateAction[]): State => actions.reduce(reduce, state);

test('picking a tile starts a new question', () => {
  const before = stateOf({ chosenId: 1, positive: [2], negative: [3], compareId: 4, shownId: 5 }, { notice: new Problem('a', 'b', 404) });
  const { page, notice } = after(before, { type: 'picked', id: 9 });
  expect(page).toMatchObject({ chosenId: 9, positive: [], negative: [], compareId: null, shownId: null });
  expect(notice).toBeNull();
});

test('picking a tile keeps the settings and an area that limits the search', () => {
  const before = after(stateOf({ area: AREA }), { type: 'searchChanged', part: { k: 5 } });
  expect(after(before, { type: 'picked', id: 9 }).page).toMatchObject({ area: AREA, search: { k: 5 } });
});

test('picking a tile or adding an example replaces an area that was searched for', () => {
  const before = stateOf({ area: AREA, areaUse: 'like' });
  const withoutArea = { area: null, areaUse: 'within' };
  expect(after(before, { type: 'picked', id: 9 }).page).toMatchObject(withoutArea);
  expect(after(before, { type: 'exampleAdded', kind: 'positive', id: 9 }).page).toMatchObject({ ...withoutArea, positive: [9] });
});

test('the picked tile stays hovered, any other does not', () => {
  const before = stateOf({}, { hoveredId: 9 });
  expect(after(before, { type: 'picked', id: 9 }).hoveredId).toBe(9);
  expect(after(before, { type: 'picked', id: 8 }).hoveredId).toBeNull();
});

test('an example counts once, on one side', () => {
  const before = stateOf({ positive: [1, 2], negative: [3] });
  expect(after(before, { type: 'exampleAdded', kind: 'negative', id: 1 }).page).toMatchObject({ positive: [2], negative: [3, 1] });
  expect(after(before, { type: 'exampleAdded', kind: 'positive', id: 2 }).page).toMatchObject({ positive: [1, 2], negative: [3] });
});

test('showing a match moves the map and marks the row', () => {
  const { page, view } = after(stateOf(), { type: 'matchShown', id: 4, at: { lon: 1, lat: 2 } });
  expect(page.shownId).toBe(4);
  expect(view).toEqual({ lon: 1, lat: 2 });
  expect(after(stateOf({ shownId: 4 }), { type: 'chosenShown', at: { lon: 3, lat: 4 } }).page.shownId).toBeNull();
});

test('settings that are not named stay', () => {
  const { page } = after(stateOf(), { type: 'searchChanged', part: { k: 5 } }, { type: 'searchChanged', part: { exclude_countries: ['FR'] } });
  expect(page.search).toMatchObject({ k: 5, exclude_countries: ['FR'], exclude_same_city: true });
});

test('hovering over the same tile again changes nothing', () => {
  const before = stateOf({}, { hoveredId: 9 });
  expect(after(before, { type: 'hovered', id: 9 })).toBe(before);
});

test('a search takes at most 100 tiles of the lasso, spread evenly', () => {
  const ids = Array.from({ length: 250 }, (_, i) => i);
  const { page } = after(stateOf({ chosenId: 3, areaUse: 'like' }), { type: 'examplesSearched', unit: 'tile', ids });
  expect(page).toMatchObject({ chosenId: null, areaUse: 'within' });
  expect(page.positive).toHaveLength(100);
  expect([page.positive[0], page.positive[1], page.positive[99]]).toEqual([0, 2, 247]);
});

test('an address that was gone back to replaces the question and nothing else', () => {
  const before = stateOf({ chosenId: 2 }, { hoveredId: 5 });
  const { page, hoveredId } = after(before, { type: 'addressChanged', page: readQuery('?tile=1') });
  expect({ chosenId: page.chosenId, hoveredId }).toEqual({ chosenId: 1, hoveredId: 5 });
});

test('the page opens on a tile unless there is a question, and goes back to it', () => {
  const start = after(stateOf(), { type: 'opened', tileId: 7 });
  expect(start.page.chosenId).toBe(7);
  const back = after(start, { type: 'picked', id: 9 }, { type: 'addressChanged', page: readQuery('') });
  expect(back.page.chosenId).toBe(7);
  expect(after(stateOf({ chosenId: 3 }), { type: 'opened', tileId: 7 }).page.chosenId).toBe(3);
});

test('the tile that the page opened on can be removed', () => {
  expect(after(stateOf(), { type: 'opened', tileId: 7 }, { type: 'picked', id: null }).page.chosenId).toBeNull();
});

test('the question is kept when the unit changes: blocks of the tiles, tiles of the blocks', () => {
  const blocks = new Map([[1, 88], [2, 152], [3, null]]); // prettier-ignore
  const before = stateOf({ chosenId: 1, positive: [2], negative: [3], shownId: 4, compareId: 5 }, { hoveredId: 4 });
  const byBlock = after(before, { type: 'unitChosen', unit: 'block', blocks });
  expect(byBlock.page).toMatchObject({ chosenId: 88, positive: [152], negative: [], shownId: null, compareId: null, search: { unit: 'block' } });
  expect(byBlock.hoveredId).toBeNull();
  const byTile = after(byBlock, { type: 'picked', id: 70 }, { type: 'exampleAdded', kind: 'positive', id: 128 }, { type: 'unitChosen', unit: 'tile' });
  expect(byTile.page).toMatchObject({ chosenId: 1, positive: [2], search: { unit: 'tile' } });
});

test('a tile counts once although several of its blocks were examples', () => {
  const before = stateOf({ chosenId: 64, positive: [128, 129], negative: [65, 130, 192], search: { ...readQuery('').search, unit: 'block' } });
  expect(after(before, { type: 'unitChosen', unit: 'tile' }).page).toMatchObject({ chosenId: 1, positive: [2], negative: [3] });
});

test('choosing the unit that is chosen changes nothing', () => {
  const before = stateOf({ chosenId: 1, shownId: 4 });
  expect(after(before, { type: 'unitChosen', unit: 'tile' })).toBe(before);
});

test('the note about a missing block goes with the next choice', () => {
  const before = after(stateOf({ chosenId: 70 }), { type: 'blockMissed', tileId: 5 });
  expect(before).toMatchObject({ blocklessTileId: 5, page: { chosenId: 70 } });
  expect(after(before, { type: 'picked', id: 71 }).blocklessTileId).toBeNull();
  expect(after(before, { type: 'unitChosen', unit: 'block', blocks: new Map() }).blocklessTileId).toBeNull();
});

test('a search by the lasso is a search by tile', () => {
  const before = stateOf({ search: { ...readQuery('').search, unit: 'block' } });
  expect(after(before, { type: 'examplesSearched', unit: 'tile', ids: [7] }).page).toMatchObject({ positive: [7], search: { unit: 'tile' } });
});

test('a chosen tile without blocks stays in the question', () => {
  const { page } = after(stateOf({ chosenId: 1 }), { type: 'unitChosen', unit: 'block', blocks: new Map([[1, null]]) });
  expect(page.chosenId).toBe(64 + 24);
});

test('a set begins a new question, coloured by similarity, and leaving it ends both', () => {
  const inSet = after(stateOf({ chosenId: 1, positive: [2], compareId: 5 }), { type: 'unitReplaced', unit: 'aef', chosenId: 12 });
  expect(inSet.page).toMatchObject({ chosenId: 12, positive: [], compareId: null, isSimilarityOn: true, search: { unit: 'aef' } });
  const left = after(inSet, { type: 'unitReplaced', unit: 'tile', chosenId: 3 });
  expect(left.page).toMatchObject({ chosenId: 3, isSimilarityOn: false, search: { unit: 'tile' } });
});
