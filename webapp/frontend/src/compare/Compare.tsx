// Two tiles side by side: their pictures, their dominant clusters, their similarity and their distance.

import { useState } from 'preact/hooks';
import { getSimilarity, getTile } from '../api/client';
import type { Method } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import { usePage } from '../state/PageProvider';
import { Dialog } from '../ui/Dialog';
import { kilometres } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import './compare.css';
import { ComparedTile } from './ComparedTile';

export function Compare() {
  const { state, dispatch } = usePage();
  const { tileId, compareId, search } = state.page;
  if (tileId === null || compareId === null) return null;
  return (
    <Dialog title="Two tiles side by side" onClose={() => dispatch({ type: 'compared', tileId: null })}>
      <Pair a={tileId} b={compareId} method={search.method} />
    </Dialog>
  );
}

function Pair({ a, b, method }: { a: number; b: number; method: Method | null }) {
  const [isMasked, setMasked] = useState(false);
  const pair = useAnswer(`${a} ${b}`, (signal) => Promise.all([getTile(a, signal), getTile(b, signal)]));
  const similarity = useAnswer(`${a} ${b} ${method}`, (signal) => getSimilarity(a, b, method, signal));
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
          </>
        )}
      </p>
      {pair.value && (
        <>
          <div className="compare-tiles">
            {pair.value.map((tile, i) => (
              <ComparedTile key={i} tile={tile} isMasked={isMasked} />
            ))}
          </div>
          <label className="compare-mask">
            <input type="checkbox" checked={isMasked} onChange={(event) => setMasked(event.currentTarget.checked)} />
            Show only the dominant cluster of each tile (its largest group of similar 160 m patches)
          </label>
        </>
      )}
    </>
  );
}
