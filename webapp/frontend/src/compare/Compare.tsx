// Two tiles or blocks side by side: their pictures, their dominant clusters, their similarity and their distance.

import { useState } from 'preact/hooks';
import { getBlockSimilarity, getMatchingBlocks, getSimilarity, getTile } from '../api/client';
import type { Tile } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import { placeIn } from '../geo/blocks';
import { tileIdOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { Dialog } from '../ui/Dialog';
import { kilometres, percent } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import './compare.css';
import { ComparedPlace } from './ComparedPlace';

export function Compare() {
  const { state, unit, dispatch } = usePage();
  const { chosenId, compareId } = state.page;
  if (chosenId === null || compareId === null) return null;
  return (
    <Dialog title={`Two ${unit}s side by side`} onClose={() => dispatch({ type: 'compared', id: null })}>
      <Pair a={chosenId} b={compareId} />
    </Dialog>
  );
}

function Pair({ a, b }: { a: number; b: number }) {
  const [isMasked, setMasked] = useState(false);
  const { unit } = usePage();
  const pairs = useAnswer(unit === 'tile' ? `${a} ${b}` : null, (signal) => getMatchingBlocks(a, b, signal)).value ?? [];
  const pair = useAnswer(`${unit} ${a} ${b}`, (signal) => Promise.all([a, b].map((id) => getTile(tileIdOf(unit, id), signal))));
  const similarity = usePairSimilarity(a, b, pair.value);
  const problem = pair.problem ?? similarity.problem;
  return (
    <>
      {problem && <ProblemNote problem={problem} />}
      <p className="compare-similarity" role="status">
        {similarity.value && (
          <>
            <span>
              Similarity <strong>{similarity.value.similarity.toFixed(3)}</strong> (cosine of the {similarity.value.method} vectors)
            </span>
            <span>
              <strong>{kilometres(similarity.value.distance_m)}</strong> apart
            </span>
            {similarity.value.share_of_pairs !== null && (
              <span>
                More alike than <strong>{percent(similarity.value.share_of_pairs)}</strong> of pairs of tiles
              </span>
            )}
          </>
        )}
      </p>
      {pair.value && (
        <>
          <div className="compare-tiles">
            {pair.value.map((tile, i) => (
              <ComparedPlace
                key={i}
                unit={unit}
                id={i === 0 ? a : b}
                tile={tile}
                isMasked={isMasked}
                matching={pairs.map((pair) => (i === 0 ? pair.a_block_id : pair.b_block_id))}
              />
            ))}
          </div>
          {pairs.length > 0 && <p className="note">Outlined in the same colour, with the same number: the blocks of 320 m that are most alike.</p>}
          {unit === 'tile' && (
            <label className="compare-mask">
              <input type="checkbox" checked={isMasked} onChange={(event) => setMasked(event.currentTarget.checked)} />
              Show only the dominant cluster of each tile (its largest group of similar 160 m patches)
            </label>
          )}
        </>
      )}
    </>
  );
}

function usePairSimilarity(a: number, b: number, tiles: Tile[] | null) {
  const { unit, state } = usePage();
  const { method } = state.page.search;
  const tile = tiles?.[1];
  const isKnown = tile?.tile_id === tileIdOf(unit, b);
  return useAnswer(unit === 'tile' || isKnown ? `${unit} ${a} ${b} ${method}` : null, (signal) =>
    unit === 'tile' ? getSimilarity(a, b, method, signal) : getBlockSimilarity(a, placeIn(tile!.footprint, unit, b), signal),
  );
}
