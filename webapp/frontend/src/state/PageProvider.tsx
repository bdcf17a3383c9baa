// The page's state, and what the server answers to it, for every component.

import { createContext, type ComponentChildren } from 'preact';
import { useContext, useEffect, useMemo, useReducer, useRef, type Dispatch } from 'preact/hooks';
import { findSimilar, getChanges, getConfig, getEncoder } from '../api/client';
import type { Change, Config, Encoder, Match, SearchRequest } from '../api/types';
import type { Problem } from '../api/problem';
import { useAnswer, type Answer } from '../api/useAnswer';
import { boundsOf } from '../geo/bounds';
import type { Unit } from '../geo/unit';
import { writeLasso } from '../scatter/lasso';
import { tilesIn } from '../scatter/lassoed';
import { reduceWithHistory } from './history';
import { requestOf } from './page';
import { readQuery } from './permalink';
import type { Action } from './actions';
import { findChosen, type Chosen } from './chosen';
import { initialState, type State } from './reducer';
import { useAddress } from './useAddress';
import { useHeatMap } from './useHeatMap';
import { useHovered, type Hovered } from './useHovered';
import { useOpening } from './useOpening';

export interface Page {
  state: State;
  dispatch: Dispatch<Action>;
  encoder: Answer<Encoder>;
  config: Answer<Config>;
  /** What is searched: tiles, blocks, or the items of an imported set. */
  unit: Unit;
  chosen: Answer<Chosen>;
  /** The search that the state asks for; null if it asks for none. */
  request: SearchRequest | null;
  similar: Answer<Match[]>;
  /** The matches found, best first; empty until they are known. */
  matches: Match[];
  hovered: Hovered;
  /** What changed, where that is asked. */
  changed: Answer<Change[]>;
  /** The question as vector tiles and the plot take it, while they are coloured by similarity to it. */
  heatMap: string | null;
  /** The tiles selected with the lasso in the scatter plot. */
  lassoIds: number[];
}

const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('usePage() is called outside <PageProvider>');
  return page;
}

const NO_MATCHES: Match[] = [];
const NO_IDS: number[] = [];
/** Read before the map writes its position there. */
const HAD_MAP_POSITION = window.location.hash !== '';

export function PageProvider({ children }: { children: ComponentChildren }) {
  const [state, dispatch] = useReducer(reduceWithHistory, null, () => initialState(readQuery(window.location.search)));
  const { page, hoveredId, startId } = state;
  const { chosenId } = page;
  const { unit } = page.search;
  useAddress(page, startId, dispatch);

  const encoder = useAnswer('encoder', getEncoder);
  const config = useAnswer('config', getConfig);
  useOpening(page, encoder.value?.start_tile_id ?? null, dispatch);
  const isOfArea = page.area !== null && page.areaUse === 'like';
  const chosen = useAnswer(chosenId === null || isOfArea ? null : `${unit} ${chosenId}`, (signal) => findChosen(unit, chosenId!, signal));
  const request = useMemo(() => requestOf(page), [page]);
  const similar = useAnswer(request && JSON.stringify(request), (signal) => findSimilar(request!, signal), { keepsOld: true });
  const matches = similar.value ?? NO_MATCHES;
  const { lasso } = page;
  const lassoed = useAnswer(lasso && writeLasso(lasso), (signal) => tilesIn(lasso!, signal));
  const lassoIds = lassoed.value ?? NO_IDS;
  useNotice(lassoed.problem, dispatch);
  const heatMap = useHeatMap(page, request);
  const { changes } = page;
  const changed = useAnswer(changes && JSON.stringify(changes), (signal) => getChanges(changes!, signal));
  const hovered = useHovered(unit, hoveredId, matches, chosen.value);
  useFirstView(chosenId, chosen.value, matches, !HAD_MAP_POSITION && request !== null, dispatch);

  const value = useMemo(
    () => ({ state, dispatch, encoder, config, unit, chosen, request, similar, matches, hovered, changed, heatMap, lassoIds }),
    [state, dispatch, encoder, config, unit, chosen, request, similar, matches, hovered, changed, heatMap, lassoIds],
  );
  return <PageContext.Provider value={value}>{children}</PageContext.Provider>;
}

/** Show a problem in the panel. */
function useNotice(problem: Problem | null, dispatch: Dispatch<Action>): void {
  useEffect(() => {
    if (problem) dispatch({ type: 'noticed', problem });
  }, [problem, dispatch]);
}

/** Move the map once to what is chosen, or to the matches if nothing is, if the first address had a question but no position. */
function useFirstView(
  chosenId: number | null,
  chosen: Chosen | null,
  matches: Match[],
  isWanted: boolean,
  dispatch: Dispatch<Action>,
): void {
  const isPending = useRef(isWanted);
  useEffect(() => {
    const isAnswered = chosenId === null ? matches.length > 0 : chosen !== null;
    if (!isPending.current || !isAnswered) return;
    isPending.current = false;
    dispatch({ type: 'viewRequested', view: chosen ? { lon: chosen.lon, lat: chosen.lat } : { bounds: boundsOf(matches) } });
  }, [chosenId, chosen, matches, dispatch]);
}
