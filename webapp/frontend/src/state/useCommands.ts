import { useMemo } from 'preact/hooks';
import { getTile, getTileAt } from '../api/client';
import { toProblem } from '../api/problem';
import { usePage } from './PageProvider';

export interface Commands {
  /** Move the map to a tile. */
  goTo: (tileId: number) => void;
  /** Choose the tile at a position (degrees). */
  pickAt: (lon: number, lat: number) => void;
}

/** Return actions that ask the server first. Failures become a notice. */
export function useCommands(): Commands {
  const { dispatch } = usePage();
  return useMemo(() => {
    const fail = (error: unknown) => dispatch({ type: 'noticed', problem: toProblem(error) });
    return {
      goTo: (tileId) =>
        void getTile(tileId).then(({ lon, lat }) => dispatch({ type: 'viewRequested', view: { lon, lat } }), fail),
      pickAt: (lon, lat) => void getTileAt(lon, lat).then(({ tile_id }) => dispatch({ type: 'tilePicked', tileId: tile_id }), fail),
    };
  }, [dispatch]);
}
