import { useMemo } from 'preact/hooks';
import { getTile } from '../api/client';
import type { SimilarTile, Tile } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import { useDelayed } from '../ui/useDelayed';

/** The tile under the pointer; `tile` is null until it is known. */
export interface Hovered {
  id: number | null;
  tile: SimilarTile | Tile | null;
}

const REST_MS = 120;

/** Return what is known of the hovered tile. A tile that is not listed is asked for once the pointer rests. */
export function useHovered(id: number | null, matches: SimilarTile[], selected: Tile | null): Hovered {
  const known = id === null ? null : (matches.find(({ tile_id }) => tile_id === id) ?? (selected?.tile_id === id ? selected : null));
  const asked = useDelayed(known ? null : id, REST_MS);
  const { value } = useAnswer(asked === null ? null : String(asked), (signal) => getTile(asked!, signal));
  const tile = known ?? (value?.tile_id === id ? value : null);
  return useMemo(() => ({ id, tile }), [id, tile]);
}
