// The list of look-alikes, best first, exactly as the database ranks them.

import { thumbnailUrl, type SimilarTile } from './api';
import { Icon } from './Icon';

interface Props {
  /** Whether the answer that will replace these is on its way. */
  isOld: boolean;
  tiles: SimilarTile[];
  shownId: number | null;
  hoveredId: number | null;
  onShow: (tile: SimilarTile) => void;
  onPick: (tileId: number) => void;
  onHover: (tileId: number | null) => void;
  onExample: (kind: 'positive' | 'negative', tileId: number) => void;
  /** Null where there is no tile to compare with. */
  onCompare: ((tileId: number) => void) | null;
}

const km = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function Results({ isOld, tiles, shownId, hoveredId, onHover, ...on }: Props) {
  return (
    <ol className="results" aria-busy={isOld} aria-label="Look-alikes, most similar first">
      {tiles.map((tile) => (
        <li
          key={tile.tile_id}
          data-tile-id={tile.tile_id}
          data-rank={tile.rank}
          data-hovered={tile.tile_id === hoveredId || undefined}
          onMouseEnter={() => onHover(tile.tile_id)}
          onMouseLeave={() => onHover(null)}
        >
          <button
            type="button"
            className="show"
            aria-current={tile.tile_id === shownId ? 'location' : undefined}
            title="Show on the map"
            onFocus={() => onHover(tile.tile_id)}
            onClick={() => on.onShow(tile)}
          >
            <span className="picture">
              {tile.has_thumbnail && <img src={thumbnailUrl(tile.tile_id)} alt="" loading="lazy" width="56" height="56" />}
              <span className="rank">{tile.rank}</span>
            </span>
            <span className="place">
              <span className="city">{tile.city}</span>
              <span className="country">
                {tile.country}
                {tile.distance_m !== null && ` · ${km.format(tile.distance_m / 1000)} km`}
              </span>
            </span>
            <Similarity value={tile.similarity} />
          </button>
          <Actions tile={tile} {...on} />
        </li>
      ))}
    </ol>
  );
}

function Actions({ tile, onPick, onExample, onCompare }: { tile: SimilarTile } & Pick<Props, 'onPick' | 'onExample' | 'onCompare'>) {
  const where = `tile ${tile.rank}, in ${tile.city}`;
  return (
    <div className="row-actions">
      <button type="button" title="More like this" aria-label={`More like ${where}`} onClick={() => onExample('positive', tile.tile_id)}>
        <Icon name="more" />
      </button>
      <button type="button" title="Less like this" aria-label={`Less like ${where}`} onClick={() => onExample('negative', tile.tile_id)}>
        <Icon name="less" />
      </button>
      {onCompare && (
        <button type="button" title="Compare side by side" aria-label={`Compare with ${where}`} onClick={() => onCompare(tile.tile_id)}>
          <Icon name="compare" />
        </button>
      )}
      <button
        type="button"
        title="Find what looks like this one"
        aria-label={`Find what looks like ${where}`}
        onClick={() => onPick(tile.tile_id)}
      >
        <Icon name="find" />
      </button>
    </div>
  );
}

/** Cosine, -1 to 1; the bar is empty at 0 and below. */
function Similarity({ value }: { value: number }) {
  return (
    <span className="similarity">
      <span className="sr-only">similarity </span>
      {value.toFixed(3)}
      <span className="bar" aria-hidden="true">
        <span style={{ width: `${Math.max(0, Math.min(1, value)) * 100}%` }} />
      </span>
    </span>
  );
}
