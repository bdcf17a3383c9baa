// The matches, best first, as the database ranks them.

import { useEffect, useRef } from 'preact/hooks';
import { blockPictureUrl, thumbnailUrl } from '../api/client';
import type { Match } from '../api/types';
import { usePage } from '../state/PageProvider';
import { kilometres } from '../ui/format';
import { PlaceFacts } from '../ui/PlaceFacts';
import { RowActions } from './RowActions';

export function ResultList() {
  const { similar, matches } = usePage();
  return (
    <ol className="results" id="matches" data-stale={similar.problem !== null || undefined} aria-busy={similar.isLoading} aria-label="Matches, most similar first">
      {matches.map((match) => (
        <Row key={match.id} match={match} />
      ))}
    </ol>
  );
}

function Row({ match }: { match: Match }) {
  const { state, dispatch, hovered } = usePage();
  const { id, tile_id: tileId, block_id: blockId, lon, lat } = match;
  const hover = (hoveredId: number | null) => dispatch({ type: 'hovered', id: hoveredId });
  const isShown = id === state.page.shownId;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isShown) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isShown]);
  return (
    <li
      ref={row}
      data-tile-id={tileId}
      data-block-id={blockId ?? undefined}
      data-rank={match.rank}
      data-hovered={id === hovered.id || undefined}
      onMouseEnter={() => hover(id)}
      onMouseLeave={() => hover(null)}
    >
      <button
        type="button"
        className="show"
        aria-current={isShown ? 'location' : undefined}
        title="Show on the map"
        onFocus={() => hover(id)}
        onClick={() => dispatch({ type: 'matchShown', id, at: { lon, lat } })}
      >
        <span className="picture">
          {match.has_thumbnail && (
            <img src={blockId === null ? thumbnailUrl(tileId) : blockPictureUrl(blockId)} alt="" loading="lazy" width="224" height="224" />
          )}
          {match.has_thumbnail && blockId !== null && <span className="block-middle" aria-hidden="true" />}
          <span className="rank">{match.rank}</span>
        </span>
        <span className="place">
          <span className="city">{match.city}</span>
          <span className="country">
            <PlaceFacts place={match} />
            {match.distance_m !== null && ` · ${kilometres(match.distance_m)}`}
          </span>
        </span>
        <Similarity value={match.similarity} />
      </button>
      <RowActions match={match} />
    </li>
  );
}

/** Cosine, -1 to 1; the bar is empty at 0 and below. */
const Similarity = ({ value }: { value: number }) => (
  <span className="similarity">
    <span className="sr-only">similarity </span>
    {value.toFixed(3)}
    <span className="bar" aria-hidden="true">
      <span style={{ width: `${Math.max(0, Math.min(1, value)) * 100}%` }} />
    </span>
  </span>
);
