// Everything that can happen on the page, and how each event changes its state.

import type { Polygon } from 'geojson';
import type { Problem } from '../api/problem';
import type { Search } from '../api/types';
import type { Bounds } from '../geo/bounds';
import type { LonLat } from '../geo/coordinates';
import { opened } from './opening';
import { MAX_EXAMPLES, type AreaUse, type ColourBy, type ExampleKind, type PageState } from './page';

/** Where the map goes: a place, or a box around several. A new object moves the map again, even to the same place. */
export type View = LonLat | { bounds: Bounds };

export interface State {
  /** The part of the state that the address contains. */
  page: PageState;
  view: View | null;
  /** The tile that the page opened on, which an address without a question leads back to. */
  startId: number | null;
  /** The tile under the pointer, on the map, in the list or in the scatter plot. */
  hoveredId: number | null;
  /** The tiles selected with the lasso in the scatter plot. */
  lassoIds: number[];
  /** A message about something that failed, until the user closes it. */
  notice: Problem | null;
}

export type Action =
  | { type: 'addressChanged'; page: PageState }
  | { type: 'opened'; tileId: number }
  | { type: 'tilePicked'; tileId: number | null }
  | { type: 'matchShown'; tileId: number; at: LonLat }
  | { type: 'chosenTileShown'; at: LonLat }
  | { type: 'viewRequested'; view: View }
  | { type: 'hovered'; tileId: number | null }
  | { type: 'searchChanged'; part: Partial<Search> }
  | { type: 'exampleAdded'; kind: ExampleKind; tileId: number }
  | { type: 'examplesKept'; kind: ExampleKind; tileIds: number[] }
  | { type: 'areaDrawn'; area: Polygon }
  | { type: 'areaUsed'; use: AreaUse }
  | { type: 'areaRemoved' }
  | { type: 'lassoed'; tileIds: number[] }
  | { type: 'lassoSearched' }
  | { type: 'compared'; tileId: number | null }
  | { type: 'imageryChosen'; id: string }
  | { type: 'similaritySwitched'; isOn: boolean }
  | { type: 'scatterSwitched'; colourBy: ColourBy | null }
  | { type: 'helpSwitched'; isOpen: boolean }
  | { type: 'noticed'; problem: Problem | null };

export const initialState = (page: PageState): State => ({
  page,
  view: null,
  startId: null,
  hoveredId: null,
  lassoIds: [],
  notice: null,
});

const NO_AREA = { area: null, areaUse: 'within' } as const;
const NO_EXAMPLES: Partial<PageState> = { positive: [], negative: [], compareId: null, shownId: null };

export function reduce(state: State, action: Action): State {
  const change = (part: Partial<PageState>): State => ({ ...state, page: { ...state.page, ...part } });
  const { page } = state;
  switch (action.type) {
    case 'addressChanged':
      return { ...state, page: opened(action.page, state.startId) };
    case 'opened':
      return { ...state, page: opened(page, action.tileId), startId: action.tileId };
    case 'tilePicked':
      return picked(state, action.tileId);
    case 'matchShown':
      return { ...change({ shownId: action.tileId }), view: action.at };
    case 'chosenTileShown':
      return { ...change({ shownId: null }), view: action.at };
    case 'viewRequested':
      return { ...state, view: action.view };
    case 'hovered':
      return state.hoveredId === action.tileId ? state : { ...state, hoveredId: action.tileId };
    case 'searchChanged':
      return change({ search: { ...page.search, ...action.part } });
    case 'exampleAdded':
      return change({ ...withExample(page, action.kind, action.tileId), ...withoutLikeArea(page) });
    case 'examplesKept':
      return change({ [action.kind]: action.tileIds });
    case 'areaDrawn':
      return change({ area: action.area });
    case 'areaUsed':
      return change({ areaUse: action.use });
    case 'areaRemoved':
      return change(NO_AREA);
    case 'lassoed':
      return { ...state, lassoIds: action.tileIds };
    case 'lassoSearched':
      return change({ ...NO_EXAMPLES, tileId: null, positive: spread(state.lassoIds, MAX_EXAMPLES), areaUse: 'within' });
    case 'compared':
      return change({ compareId: action.tileId });
    case 'imageryChosen':
      return change({ imagery: action.id });
    case 'similaritySwitched':
      return change({ isSimilarityOn: action.isOn });
    case 'scatterSwitched':
      return change({ scatter: action.colourBy });
    case 'helpSwitched':
      return change({ isHelpOpen: action.isOpen });
    case 'noticed':
      return { ...state, notice: action.problem };
  }
}

/** A tile picked on the map stays under the pointer; a row of the list does not, because the list is replaced. */
function picked(state: State, tileId: number | null): State {
  return {
    ...state,
    page: { ...state.page, ...NO_EXAMPLES, ...withoutLikeArea(state.page), tileId },
    hoveredId: state.hoveredId === tileId ? tileId : null,
    notice: null,
  };
}

/** A tile cannot be searched for beside an area. */
const withoutLikeArea = ({ areaUse }: PageState): Partial<PageState> => (areaUse === 'like' ? NO_AREA : {});

/** An example counts once, on one side. */
function withExample(page: PageState, kind: ExampleKind, tileId: number): Partial<PageState> {
  const without = (ids: number[]) => ids.filter((other) => other !== tileId);
  const examples = { positive: without(page.positive), negative: without(page.negative) };
  return { ...examples, [kind]: [...examples[kind], tileId] };
}

/** Return at most n of the ids, evenly from first to last. */
const spread = (ids: number[], n: number): number[] =>
  ids.length <= n ? ids : Array.from({ length: n }, (_, i) => ids[Math.floor((i * ids.length) / n)]!);
