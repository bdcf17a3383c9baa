import { useMemo } from 'preact/hooks';
import { getBlockAt, getTileAt } from '../api/client';
import { Problem, toProblem } from '../api/problem';
import { blockUnder, middleBlock } from '../geo/blocks';
import type { LonLat } from '../geo/coordinates';
import { tileIdOf, type Unit } from '../geo/unit';
import { useLatest } from '../ui/useLatest';
import type { PageState } from './page';
import { usePage } from './PageProvider';
import { findPlace, findTile } from './places';
import type { Action } from './actions';

export interface Commands {
  /** Move the map to a tile or block. */
  goTo: (id: number) => void;
  /** Choose the tile or block at a position (degrees). */
  pickAt: (lon: number, lat: number) => void;
  /** Choose the block of a tile at a position. Without a request if the tile is known. */
  pickBlock: (tileId: number, at: LonLat) => void;
  /** Choose a tile, or its middle block, and move the map there. */
  pickTile: (tileId: number) => void;
  /** Ask the same question by the other unit. */
  searchBy: (unit: Unit) => void;
  /** Take the last change of the question back. */
  undo: () => void;
}

/** Return actions that ask the server first. Failures become a notice. */
export function useCommands(): Commands {
  const { state, dispatch, unit } = usePage();
  const latestState = useLatest(state);
  return useMemo(() => {
    let last = 0;
    /** Answers may arrive in another order than the clicks. */
    const inTurn = (answer: Promise<Action>) => {
      const turn = ++last;
      void answer.then((action) => turn === last && dispatch(action), fail);
    };
    const goTo = (of: Unit, id: number) =>
      void findPlace(of, id).then(({ lon, lat }) => dispatch({ type: 'viewRequested', view: { lon, lat } }), fail);
    const fail = (error: unknown) => dispatch({ type: 'noticed', problem: toProblem(error) });
    return {
      goTo: (id) => goTo(unit, id),
      pickAt: (lon, lat) => inTurn(pickedAt(unit, lon, lat)),
      pickBlock: (tileId, at) => inTurn(findTile(tileId).then((tile) => picked(tileId, blockUnder(tile, at)))),
      pickTile: (tileId) => {
        inTurn(pickedTile(unit, tileId));
        goTo('tile', tileId);
      },
      searchBy: (wanted) => inTurn(wanted === 'tile' ? Promise.resolve({ type: 'unitChosen', unit: wanted }) : byBlock(latestState.current.page)),
      undo: () => {
        const { page, past } = latestState.current;
        const before = past.at(-1);
        dispatch({ type: 'undone' });
        if (before && before.chosenId !== null && before.chosenId !== page.chosenId) goTo(before.search.unit, before.chosenId);
      },
    };
  }, [dispatch, unit, latestState]);
}

async function pickedAt(unit: Unit, lon: number, lat: number): Promise<Action> {
  const block = unit === 'block' ? await blockAt(lon, lat) : null;
  if (block) return { type: 'picked', id: block.block_id };
  const { tile_id: tileId } = await getTileAt(lon, lat).catch((error: unknown) => {
    throw error instanceof Problem && error.status === 404 ? new Problem('No tiles here', error.detail, error.status) : error;
  });
  return unit === 'tile' ? { type: 'picked', id: tileId } : { type: 'blockMissed', tileId };
}

async function pickedTile(unit: Unit, tileId: number): Promise<Action> {
  return picked(tileId, unit === 'tile' ? tileId : middleBlock(await findTile(tileId)));
}

const picked = (tileId: number, id: number | null): Action => (id === null ? { type: 'blockMissed', tileId } : { type: 'picked', id });

/** Look up the blocks that stand for the tiles of a question: of each the one nearest its middle. */
async function byBlock({ search, chosenId, positive, negative }: PageState): Promise<Action> {
  const ids = [chosenId, ...positive, ...negative].filter((id) => id !== null);
  const answers = await Promise.allSettled(ids.map((id) => findTile(tileIdOf(search.unit, id))));
  const tiles = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
  const blocks = new Map(tiles.map((tile) => [tile.tile_id, middleBlock(tile)]));
  return { type: 'unitChosen', unit: 'block', blocks };
}

const blockAt = (lon: number, lat: number) =>
  getBlockAt(lon, lat).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  });
