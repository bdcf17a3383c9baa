import { useMemo } from 'preact/hooks';
import { useAnswer } from '../api/useAnswer';
import type { Place } from '../geo/blocks';
import type { Unit } from '../geo/unit';
import { useDelayed } from '../ui/useDelayed';
import { findPlace, knownPlace } from './places';

/** The tile or block under the pointer; `place` is null until it is known. */
export interface Hovered {
  id: number | null;
  place: Place | null;
}

/** The pointer rests after this time. */
export const REST_MS = 120;

/** Return what is hovered and where it lies. An outline that is not known is asked for once the pointer rests. */
export function useHovered(unit: Unit, id: number | null, matches: Place[], chosen: Place | null): Hovered {
  const listed = id === null ? null : (matches.find((match) => match.id === id) ?? (chosen?.id === id ? chosen : null));
  const inKnownTile = useMemo(() => (id === null ? null : knownPlace(unit, id)), [unit, id]);
  const known = listed ?? inKnownTile;
  const asked = useDelayed(known ? null : id, REST_MS);
  const { value } = useAnswer(asked === null ? null : `${unit} ${asked}`, () => findPlace(unit, asked!));
  const place = known ?? (value?.id === id ? value : null);
  return useMemo(() => ({ id, place }), [id, place]);
}
