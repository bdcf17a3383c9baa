import { useMemo, useState, type Dispatch, type SetStateAction } from 'react';
import { getTile, type SimilarTile, type Tile } from './api';
import { useAnswer } from './useAnswer';
import { useDelayed } from './useDelayed';

/** The tile under the pointer, on the map, in the list or in the plot; its place once it is known. */
export interface Hovered {
  id: number | null;
  tile: SimilarTile | Tile | null;
}

const REST_MS = 120;

export function useHovered(matches: SimilarTile[], selected: Tile | null): [Hovered, Dispatch<SetStateAction<number | null>>] {
  const [id, setId] = useState<number | null>(null);
  const known = id === null ? null : (matches.find(({ tile_id }) => tile_id === id) ?? (selected?.tile_id === id ? selected : null));
  // A tile that only the plot or the map names is asked for once the pointer rests.
  const asked = useDelayed(known ? null : id, REST_MS);
  const { value } = useAnswer(asked === null ? null : String(asked), (signal) => getTile(asked!, signal));
  const tile = known ?? (value?.tile_id === id ? value : null);
  const hovered = useMemo(() => ({ id, tile }), [id, tile]);
  return [hovered, setId];
}
