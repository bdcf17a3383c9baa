import { useMemo } from 'preact/hooks';
import { blockUnder } from '../geo/blocks';
import type { LonLat } from '../geo/coordinates';
import { isOwn, type Unit } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { findTile, knownTile } from '../state/places';
import { useCommands } from '../state/useCommands';
import { REST_MS } from '../state/useHovered';
import type { MapEvents, Under } from './makeMap';

/** Return what clicks and moves of the pointer on the map do. */
export function usePointer(): Pick<MapEvents, 'onClick' | 'onHover' | 'onMissed'> {
  const { dispatch, unit, matches } = usePage();
  const { pickAt, pickBlock } = useCommands();
  const hoverBlock = useBlockHover();
  const showMatch = (id: number) => {
    const match = matches.find((other) => other.id === id);
    if (match) dispatch({ type: 'matchShown', id, at: { lon: match.lon, lat: match.lat } });
  };
  return {
    onClick: (under) => {
      if ('matchId' in under) showMatch(under.matchId);
      else if ('itemId' in under) dispatch({ type: 'picked', id: under.itemId });
      else if (!isOwn(unit)) pickAt(under.at.lon, under.at.lat);
      else if (unit === 'block') pickBlock(under.tileId, under.at);
      else dispatch({ type: 'picked', id: under.tileId });
    },
    // The answer names the nearest city.
    onMissed: ({ lon, lat }) => pickAt(lon, lat),
    onHover: (under) => {
      if (unit === 'block') hoverBlock(under);
      else dispatch({ type: 'hovered', id: under && idOf(under, unit) });
    },
  };
}

/** Return what is under the pointer, if it is of the unit. */
function idOf(under: Under, unit: Unit): number | null {
  if ('matchId' in under) return under.matchId;
  if ('itemId' in under) return under.itemId;
  return unit === 'tile' ? under.tileId : null;
}

/** Return a function that hovers over the block under the pointer. It is known as soon as its tile is. */
function useBlockHover(): (under: Under | null) => void {
  const { dispatch } = usePage();
  return useMemo(() => {
    let moves = 0;
    const hover = (id: number | null) => dispatch({ type: 'hovered', id });
    const ask = async ({ tileId, at }: { tileId: number; at: LonLat }) => {
      const move = moves;
      await new Promise((rested) => setTimeout(rested, REST_MS));
      if (move !== moves) return;
      const tile = await findTile(tileId);
      if (move === moves) hover(blockUnder(tile, at));
    };
    return (under) => {
      moves++;
      if (under === null || !('tileId' in under)) return hover(under && idOf(under, 'block'));
      const tile = knownTile(under.tileId);
      hover(tile && blockUnder(tile, under.at));
      // If this fails nothing is hovered, and the next move asks again.
      if (!tile) void ask(under).catch(() => undefined);
    };
  }, [dispatch]);
}
