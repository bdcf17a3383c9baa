// The page's state, and what the server answers to it, for every component.

import { createContext, type ComponentChildren } from 'preact';
import { useContext, useEffect, useMemo, useReducer, useRef, type Dispatch } from 'preact/hooks';
import { findSimilar, getConfig, getEncoder, getTile } from '../api/client';
import type { Config, Encoder, SearchRequest, SimilarTile, Tile } from '../api/types';
import { useAnswer, type Answer } from '../api/useAnswer';
import { boundsOf } from '../geo/bounds';
import { requestOf } from './page';
import { readQuery } from './permalink';
import { initialState, reduce, type Action, type State } from './reducer';
import { useAddress } from './useAddress';
import { useHovered, type Hovered } from './useHovered';
import { useOpening } from './useOpening';

export interface Page {
  state: State;
  dispatch: Dispatch<Action>;
  encoder: Answer<Encoder>;
  config: Answer<Config>;
  /** The chosen tile. */
  tile: Answer<Tile>;
  /** The search that the state asks for; null if it asks for none. */
  request: SearchRequest | null;
  similar: Answer<SimilarTile[]>;
  /** The matches found, best first; empty until they are known. */
  matches: SimilarTile[];
  hovered: Hovered;
}

const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('usePage() is called outside <PageProvider>');
  return page;
}

const NO_MATCHES: SimilarTile[] = [];
/** Read before the map writes its position there. */
const HAD_MAP_POSITION = window.location.hash !== '';

export function PageProvider({ children }: { children: ComponentChildren }) {
  const [state, dispatch] = useReducer(reduce, null, () => initialState(readQuery(window.location.search)));
  const { page, hoveredId, startId } = state;
  const { tileId } = page;
  useAddress(page, startId, dispatch);

  const encoder = useAnswer('encoder', getEncoder);
  const config = useAnswer('config', getConfig);
  useOpening(page, encoder.value?.start_tile_id ?? null, dispatch);
  const tile = useAnswer(tileId === null ? null : String(tileId), (signal) => getTile(tileId!, signal));
  const request = useMemo(() => requestOf(page), [page]);
  const similar = useAnswer(request && JSON.stringify(request), (signal) => findSimilar(request!, signal));
  const matches = similar.value ?? NO_MATCHES;
  const hovered = useHovered(hoveredId, matches, tile.value);
  useFirstView(tileId, tile.value, matches, !HAD_MAP_POSITION && request !== null, dispatch);

  const value = useMemo(
    () => ({ state, dispatch, encoder, config, tile, request, similar, matches, hovered }),
    [state, dispatch, encoder, config, tile, request, similar, matches, hovered],
  );
  return <PageContext.Provider value={value}>{children}</PageContext.Provider>;
}

/** Move the map once to the chosen tile, or to the matches if there is none, if the first address had a question but no position. */
function useFirstView(
  tileId: number | null,
  tile: Tile | null,
  matches: SimilarTile[],
  isWanted: boolean,
  dispatch: Dispatch<Action>,
): void {
  const isPending = useRef(isWanted);
  useEffect(() => {
    const isAnswered = tileId === null ? matches.length > 0 : tile !== null;
    if (!isPending.current || !isAnswered) return;
    isPending.current = false;
    dispatch({ type: 'viewRequested', view: tile ? { lon: tile.lon, lat: tile.lat } : { bounds: boundsOf(matches) } });
  }, [tileId, tile, matches, dispatch]);
}
