import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { pictureUrl } from '../api/client';
import type { Match } from '../api/types';
import type { Unit } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { kilometres } from '../ui/format';
import { PlaceFacts } from '../ui/PlaceFacts';
import './card.css';
import { CardActions } from './CardActions';
import type { MatchAction } from './useMatchActions';

interface Props {
  match: Match;
  /** Whether the keyboard enters the list at this card. */
  isActive: boolean;
  actions: MatchAction[];
  /** What the card says below the match. */
  children?: ComponentChildren;
}

export function Card({ match, isActive, actions, children }: Props) {
  const { state, dispatch, unit, hovered } = usePage();
  const { id, tile_id: tileId, block_id: blockId, lon, lat } = match;
  const hover = (hoveredId: number | null) => dispatch({ type: 'hovered', id: hoveredId });
  const isShown = id === state.page.shownId;
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isShown) card.current?.scrollIntoView({ block: 'nearest' });
  }, [isShown]);
  return (
    <li
      ref={card}
      data-id={id}
      data-tile-id={tileId ?? undefined}
      data-block-id={blockId ?? undefined}
      data-rank={match.rank}
      data-hovered={id === hovered.id || undefined}
      onMouseEnter={() => hover(id)}
      onMouseLeave={() => hover(null)}
    >
      <button
        type="button"
        className="show"
        tabIndex={isActive ? 0 : -1}
        aria-current={isShown ? 'location' : undefined}
        title="Show on the map"
        onFocus={() => hover(id)}
        onClick={() => dispatch({ type: 'matchShown', id, at: { lon, lat } })}
      >
        <Picture match={match} unit={unit} />
        <span className="place">
          <bdi className="city">{match.city}</bdi>
          <span className="country">
            <PlaceFacts place={match} />
            {match.distance_m !== null && ` · ${kilometres(match.distance_m)}`}
          </span>
        </span>
        <Similarity value={match.similarity} />
      </button>
      {children}
      <CardActions actions={actions} isActive={isActive} />
    </li>
  );
}

const Picture = ({ match: { id, rank, block_id: blockId, has_thumbnail: hasThumbnail }, unit }: { match: Match; unit: Unit }) => (
  <span className="picture">
    {hasThumbnail && <img src={pictureUrl(unit, id)} alt="" loading="lazy" width="224" height="224" />}
    {hasThumbnail && blockId !== null && <span className="block-middle" aria-hidden="true" />}
    <span className="rank">{rank}</span>
  </span>
);

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
