import { useMemo } from 'preact/hooks';
import { getBlockAt, getTileAt } from '../api/client';
import { Problem, toProblem } from '../api/problem';
import type { Unit } from '../geo/unit';
import { usePage } from './PageProvider';
import { findPlace } from './places';
import type { Action } from './reducer';

export interface Commands {
  /** Move the map to a tile or block. */
  goTo: (id: number) => void;
  /** Choose the tile or block at a position (degrees). */
  pickAt: (lon: number, lat: number) => void;
}

/** Return actions that ask the server first. Failures become a notice. */
export function useCommands(): Commands {
  const { dispatch, unit } = usePage();
  return useMemo(() => {
    let last = 0;
    const fail = (error: unknown) => dispatch({ type: 'noticed', problem: toProblem(error) });
    return {
      goTo: (id) => void findPlace(unit, id).then(({ lon, lat }) => dispatch({ type: 'viewRequested', view: { lon, lat } }), fail),
      pickAt: (lon, lat) => {
        // Answers may arrive in another order than the clicks.
        const turn = ++last;
        const ifLatest = (action: Action) => turn === last && dispatch(action);
        void pick(unit, lon, lat).then(ifLatest, fail);
      },
    };
  }, [dispatch, unit]);
}

async function pick(unit: Unit, lon: number, lat: number): Promise<Action> {
  const block = unit === 'block' ? await blockAt(lon, lat) : null;
  if (block) return { type: 'picked', id: block.block_id };
  const { tile_id: tileId } = await getTileAt(lon, lat);
  return unit === 'tile' ? { type: 'picked', id: tileId } : { type: 'blockMissed', tileId };
}

const blockAt = (lon: number, lat: number) =>
  getBlockAt(lon, lat).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  });
