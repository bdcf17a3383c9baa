// Two tiles or blocks side by side, above the matches: their pictures, what makes them alike, their similarity and distance.

import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { getBlockSimilarity, getMatchingBlocks, getSimilarity, getTile } from '../api/client';
import type { Tile } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import { placeIn } from '../geo/blocks';
import { isOwn, tileIdOf, type OwnUnit } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { shareBelow } from '../results/bands';
import { usePercentiles } from '../results/usePercentiles';
import { kilometres, percent } from '../ui/format';
import { Icon } from '../ui/Icon';
import { ProblemNote } from '../ui/ProblemNote';
import './compare.css';
import { ComparedPlace } from './ComparedPlace';
import { useZoom } from './useZoom';

export function Compare() {
  const { state, unit, dispatch } = usePage();
  const { chosenId, compareId } = state.page;
  const section = useRef<HTMLElement>(null);
  const comparedId = chosenId === null ? null : compareId;
  useFocus(comparedId, section);
  if (chosenId === null || comparedId === null || !isOwn(unit)) return null;
  const title = `Two ${unit}s side by side`;
  const close = () => dispatch({ type: 'compared', id: null });
  return (
    <section ref={section} className="compare" tabIndex={-1} aria-label={title} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <div className="compare-head actions">
        <h2>{title}</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      <Pair unit={unit} a={chosenId} b={comparedId} />
    </section>
  );
}

/** Move to every new comparison, and back to what asked for it when it is closed. */
function useFocus(comparedId: number | null, section: RefObject<HTMLElement | null>): void {
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    if (comparedId === null) {
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
      opener.current = null;
      return;
    }
    opener.current = document.activeElement;
    section.current!.scrollIntoView({ block: 'start' });
    section.current!.focus({ preventScroll: true });
  }, [comparedId, section]);
}

function Pair({ unit, a, b }: { unit: OwnUnit; a: number; b: number }) {
  const [isMasked, setMasked] = useState(false);
  const { zoom, zoomIn, zoomOut, events } = useZoom();
  const pairs = useAnswer(unit === 'tile' ? `${a} ${b}` : null, (signal) => getMatchingBlocks(a, b, signal)).value ?? [];
  const pair = useAnswer(`${unit} ${a} ${b}`, (signal) => Promise.all([a, b].map((id) => getTile(tileIdOf(unit, id), signal))));
  const similarity = usePairSimilarity(unit, a, b, pair.value);
  const percentiles = usePercentiles();
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
            {percentiles.length > 0 && (
              <span>
                More alike than <strong>{percent(shareBelow(similarity.value.similarity, percentiles))}</strong> of pairs of {unit}s
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
                zoom={zoom}
                events={events}
                matching={pairs.map((pair) => (i === 0 ? pair.a_block_id : pair.b_block_id))}
              />
            ))}
          </div>
          <div className="compare-zoom actions">
            <button type="button" onClick={zoomOut} disabled={zoom.scale === 1} aria-label="Zoom both pictures out">
              <Icon name="less" />
            </button>
            <button type="button" onClick={zoomIn} aria-label="Zoom both pictures in">
              <Icon name="more" />
            </button>
            <span className="note">Drag to move both.</span>
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

function usePairSimilarity(unit: OwnUnit, a: number, b: number, tiles: Tile[] | null) {
  const { state } = usePage();
  const { method } = state.page.search;
  const tile = tiles?.[1];
  const isKnown = tile?.tile_id === tileIdOf(unit, b);
  return useAnswer(unit === 'tile' || isKnown ? `${unit} ${a} ${b} ${method}` : null, (signal) =>
    unit === 'tile' ? getSimilarity(a, b, method, signal) : getBlockSimilarity(a, placeIn(tile!.footprint, unit, b), signal),
  );
}
