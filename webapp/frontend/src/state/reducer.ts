// How everything that can happen on the page (actions.ts) changes its state.

import type { Problem } from '../api/problem';
import { inUnit, isOwn, tileIdOf, type OwnUnit, type Unit } from '../geo/unit';
import type { StateAction, View } from './actions';
import { opened } from './opening';
import { MAX_EXAMPLES, type ExampleKind, type PageState } from './page';
import { spread } from './spread';

export interface State {
  /** The part of the state that the address contains. */
  page: PageState;
  view: View | null;
  /** The tile that the page opened on, which an address without a question leads back to. */
  startId: number | null;
  /** The tile, block or item under the pointer, on the map, in the list or in the scatter plot. */
  hoveredId: number | null;
  /** A message about something that failed, until the user closes it. */
  notice: Problem | null;
  /** A tile on which a block was asked for where there is none. */
  blocklessTileId: number | null;
  /** Whether the browser cannot draw the map. */
  isMapless: boolean;
  /** Whether the saved places are shown. */
  isTrayOpen: boolean;
  /** The states with the questions before this one, the last one last (history.ts). */
  past: PageState[];
}

export const initialState = (page: PageState): State => ({
  page,
  view: null,
  startId: null,
  hoveredId: null,
  notice: null,
  blocklessTileId: null,
  isMapless: false,
  isTrayOpen: false,
  past: [],
});

const NO_AREA = { area: null, areaUse: 'within' } as const;
const NO_EXAMPLES: Partial<PageState> = { positive: [], negative: [], compareId: null, shownId: null };

export function reduce(state: State, action: StateAction): State {
  const change = (part: Partial<PageState>): State => ({ ...state, page: { ...state.page, ...part } });
  const { page } = state;
  switch (action.type) {
    case 'addressChanged':
      return { ...state, page: opened(action.page, state.startId), blocklessTileId: null };
    case 'opened':
      return { ...state, page: opened(page, action.tileId), startId: action.tileId };
    case 'unitChosen':
      if (action.unit === page.search.unit) return state;
      return action.unit === 'tile'
        ? inOtherUnit(state, 'tile', (id) => tileIdOf('block', id))
        : inOtherUnit(state, 'block', (id) => action.blocks.get(id) ?? null);
    case 'unitReplaced':
      return replaced(state, action.unit, action.chosenId);
    case 'picked':
      return picked(state, action.id);
    case 'chosenRemoved':
      return page.positive.length === 0 ? picked(state, null) : change({ chosenId: page.positive[0]!, positive: page.positive.slice(1), compareId: null });
    case 'blockMissed':
      return { ...state, blocklessTileId: action.tileId, notice: null };
    case 'matchShown':
      return { ...change({ shownId: action.id, isMapHidden: false }), view: action.at };
    case 'chosenShown':
      return { ...change({ shownId: null, isMapHidden: false }), view: action.at };
    case 'viewRequested':
      return { ...state, view: action.view };
    case 'hovered':
      return state.hoveredId === action.id ? state : { ...state, hoveredId: action.id };
    case 'searchChanged':
      return change({ search: { ...page.search, ...action.part } });
    case 'exampleAdded':
      return change({ ...withExample(page, action.kind, action.id), ...withoutLikeArea(page) });
    case 'examplesKept':
      return change({ [action.kind]: action.ids });
    case 'areaDrawn':
      return change({ area: action.area });
    case 'areaUsed':
      return change({ areaUse: action.use });
    case 'areaRemoved':
      return change(NO_AREA);
    case 'lassoed':
      return change({ lasso: action.lasso });
    case 'examplesSearched':
      return {
        ...change({
          ...NO_EXAMPLES,
          chosenId: null,
          positive: spread(action.ids, MAX_EXAMPLES),
          areaUse: 'within',
          search: { ...page.search, unit: action.unit },
        }),
        blocklessTileId: null,
      };
    case 'traySwitched':
      return { ...state, isTrayOpen: action.isOpen };
    case 'compared':
      return change({ compareId: action.id });
    case 'changesAsked':
      return change({ changes: action.changes });
    case 'imageryChosen':
      return change({ imagery: action.id });
    case 'similaritySwitched':
      return change({ isSimilarityOn: action.isOn, scatter: page.scatter && (action.isOn ? 'similarity' : 'continent') });
    case 'conceptChosen':
      return change({ concept: action.name, isSimilarityOn: true, scatter: page.scatter && 'similarity' });
    case 'scatterSwitched':
      return change(action.colourBy === null ? { scatter: null } : { scatter: action.colourBy, isSimilarityOn: action.colourBy === 'similarity' });
    case 'paneChosen':
      return change({
        scatter: action.pane === 'map' ? null : (page.scatter ?? (page.isSimilarityOn ? 'similarity' : 'continent')),
        isMapHidden: action.pane === 'plot',
      });
    case 'helpSwitched':
      return change({ isHelpOpen: action.isOpen });
    case 'mapFailed':
      return { ...state, isMapless: true, notice: action.problem, page: { ...page, scatter: null } };
    case 'noticed':
      return { ...state, notice: action.problem };
  }
}

/** Ask the same question by the other unit. Examples that `convert` finds nothing for are left out. */
function inOtherUnit(state: State, unit: OwnUnit, convert: (id: number) => number | null): State {
  const { page } = state;
  const convertAll = (ids: number[]) => [...new Set(ids.map(convert))].filter((id) => id !== null);
  const positive = convertAll(page.positive);
  // A middle block that does not exist leads to the note about it.
  const chosenId = page.chosenId === null ? null : (convert(page.chosenId) ?? inUnit(unit, page.chosenId));
  return {
    ...state,
    page: {
      ...page,
      chosenId,
      positive,
      negative: convertAll(page.negative).filter((id) => id !== chosenId && !positive.includes(id)),
      shownId: null,
      compareId: null,
      search: { ...page.search, unit },
    },
    hoveredId: null,
    blocklessTileId: null,
    notice: null,
  };
}

/** What is picked on the map stays under the pointer; a row of the list does not, because the list is replaced. */
function picked(state: State, id: number | null): State {
  return {
    ...state,
    page: { ...state.page, ...NO_EXAMPLES, ...withoutLikeArea(state.page), chosenId: id },
    hoveredId: state.hoveredId === id ? id : null,
    blocklessTileId: null,
    notice: null,
  };
}

/** The map shows a set only by its colours, which are switched on with it, and off again. */
function replaced(state: State, unit: Unit, chosenId: number | null): State {
  const { page, ...rest } = picked(state, chosenId);
  return { ...rest, page: { ...page, isSimilarityOn: !isOwn(unit), concept: null, search: { ...page.search, unit } } };
}

/** Neither a tile nor a block can be searched for beside an area. */
const withoutLikeArea = ({ areaUse }: PageState): Partial<PageState> => (areaUse === 'like' ? NO_AREA : {});

/** An example counts once, on one side. */
function withExample(page: PageState, kind: ExampleKind, id: number): Partial<PageState> {
  const without = (ids: number[]) => ids.filter((other) => other !== id);
  const examples = { positive: without(page.positive), negative: without(page.negative) };
  return { ...examples, [kind]: [...examples[kind], id] };
}
