// The matches, best first, as the database ranks them.

import { thumbnailUrl } from '../api/client';
import type { SimilarTile } from '../api/types';
import { usePage } from '../state/PageProvider';
import { kilometres } from '../ui/format';
import { PlaceFacts } from '../ui/PlaceFacts';
import { RowActions } from './RowActions';

export function ResultList() {
  const { similar, matches } = usePage();
  return (
    <ol className="results" aria-busy={similar.isLoading} aria-label="Matches, most similar first">
      {matches.map((match) => (
        <Row key={match.tile_id} match={match} />
      ))}
    </ol>
  );
}

function Row({ match }: { match: SimilarTile }) {
  const { state, dispatch, hovered } = usePage();
  const { tile_id: tileId, lon, lat } = match;
  const hover = (id: number | null) => dispatch({ type: 'hovered', tileId: id });
  return (
    <li
      data-tile-id={tileId}
      data-rank={match.rank}
      data-hovered={tileId === hovered.id || undefined}
      onMouseEnter={() => hover(tileId)}
      onMouseLeave={() => hover(null)}
    >
      <button
        type="button"
        className="show"
        aria-current={tileId === state.page.shownId ? 'location' : undefined}
        title="Show on the map"
        onFocus={() => hover(tileId)}
        onClick={() => dispatch({ type: 'matchShown', tileId, at: { lon, lat } })}
      >
        <span className="picture">
          {match.has_thumbnail && <img src={thumbnailUrl(tileId)} alt="" loading="lazy" width="56" height="56" />}
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
