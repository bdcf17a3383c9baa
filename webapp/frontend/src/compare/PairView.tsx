// What every comparison shows: how alike the two are, and their pictures, which are zoomed and moved together.

import type { ComponentChildren } from 'preact';
import type { PairSimilarity } from '../api/types';
import type { Answer } from '../api/useAnswer';
import { nameOf } from '../geo/unit';
import { shareBelow } from '../results/bands';
import { usePercentiles } from '../results/usePercentiles';
import { usePage } from '../state/PageProvider';
import { kilometres, percent } from '../ui/format';
import { Icon } from '../ui/Icon';
import { ProblemNote } from '../ui/ProblemNote';
import { useZoom, type SharedZoom } from './useZoom';

interface Props {
  pair: Answer<{ has_thumbnail: boolean }[]>;
  similarity: Answer<PairSimilarity>;
  /** Return the two pictures with what is known of them. */
  pictures: (shared: SharedZoom) => ComponentChildren;
  /** What the comparison says below. */
  children?: ComponentChildren;
}

export function PairView({ pair, similarity, pictures, children }: Props) {
  const { zoom, zoomIn, zoomOut, events } = useZoom();
  const problem = pair.problem ?? similarity.problem;
  return (
    <>
      {problem && <ProblemNote problem={problem} />}
      <p className="compare-similarity" role="status">
        {similarity.value && <SimilarityText {...similarity.value} />}
      </p>
      {pair.value !== null && (
        <>
          <div className="compare-tiles">{pictures({ zoom, events })}</div>
          {pair.value.some((place) => place.has_thumbnail) && (
            <div className="compare-zoom actions">
              <button type="button" onClick={zoomOut} disabled={zoom.scale === 1} aria-label="Zoom both pictures out">
                <Icon name="less" />
              </button>
              <button type="button" onClick={zoomIn} aria-label="Zoom both pictures in">
                <Icon name="more" />
              </button>
              <span className="note">Drag to move both.</span>
            </div>
          )}
          {children}
        </>
      )}
    </>
  );
}

function SimilarityText({ similarity, distance_m: distance, method }: PairSimilarity) {
  const { unit } = usePage();
  const percentiles = usePercentiles();
  return (
    <>
      <span>
        Similarity <strong>{similarity.toFixed(3)}</strong> (cosine of the {method === null ? '' : `${method} `}vectors)
      </span>
      <span>
        <strong>{kilometres(distance)}</strong> apart
      </span>
      {percentiles.length > 0 && (
        <span>
          More alike than <strong>{percent(shareBelow(similarity, percentiles))}</strong> of pairs of {nameOf(unit)}s
        </span>
      )}
    </>
  );
}
