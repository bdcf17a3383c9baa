import { useState } from 'preact/hooks';
import { getMatchingBlocks, getSimilarity, getSimilarityBySearch, getTile } from '../api/client';
import type { PairSimilarity, Tile } from '../api/types';
import { useAnswer, type Answer } from '../api/useAnswer';
import { placeIn } from '../geo/blocks';
import { tileIdOf, type OwnUnit } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { ComparedPlace } from './ComparedPlace';
import { PairView } from './PairView';

/** Two tiles or blocks, and what makes tiles alike. */
export function PlacePair({ unit, a, b }: { unit: OwnUnit; a: number; b: number }) {
  const [isMasked, setMasked] = useState(false);
  const pairs = useAnswer(unit === 'tile' ? `${a} ${b}` : null, (signal) => getMatchingBlocks(a, b, signal)).value ?? [];
  const pair = useAnswer(`${unit} ${a} ${b}`, (signal) => Promise.all([a, b].map((id) => getTile(tileIdOf(unit, id), signal))));
  const similarity = usePairSimilarity(unit, a, b, pair.value);
  return (
    <PairView
      pair={pair}
      similarity={similarity}
      pictures={(shared) =>
        pair.value!.map((tile, i) => (
          <ComparedPlace
            key={i}
            unit={unit}
            id={i === 0 ? a : b}
            tile={tile}
            isMasked={isMasked}
            shared={shared}
            matching={pairs.map((pair) => (i === 0 ? pair.a_block_id : pair.b_block_id))}
          />
        ))
      }
    >
      {pairs.length > 0 && <p className="note">Outlined in the same colour, with the same number: the blocks of 320 m that are most alike.</p>}
      {unit === 'tile' && (
        <label className="compare-mask">
          <input type="checkbox" checked={isMasked} onChange={(event) => setMasked(event.currentTarget.checked)} />
          Show only the dominant cluster of each tile (its largest group of similar 160 m patches)
        </label>
      )}
    </PairView>
  );
}

function usePairSimilarity(unit: OwnUnit, a: number, b: number, tiles: Tile[] | null): Answer<PairSimilarity> {
  const { state } = usePage();
  const { method } = state.page.search;
  const tile = tiles?.[1];
  const isKnown = tile?.tile_id === tileIdOf(unit, b);
  return useAnswer(unit === 'tile' || isKnown ? `${unit} ${a} ${b} ${method}` : null, (signal) =>
    unit === 'tile' ? getSimilarity(a, b, method, signal) : getSimilarityBySearch(unit, a, placeIn(tile!.footprint, unit, b), signal),
  );
}
