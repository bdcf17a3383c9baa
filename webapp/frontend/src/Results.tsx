// The list of look-alikes, best first, exactly as the database ranks them.

import type { SimilarTile } from './api';

interface Props {
  tiles: SimilarTile[];
  shownId: number | null;
  onShow: (tile: SimilarTile) => void;
  onPick: (tileId: number) => void;
}

const km = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function Results({ tiles, shownId, onShow, onPick }: Props) {
  return (
    <ol className="results" aria-label="Look-alikes, most similar first">
      {tiles.map((tile) => (
        <li key={tile.tile_id} data-tile-id={tile.tile_id} data-rank={tile.rank}>
          <button
            type="button"
            className="show"
            aria-current={tile.tile_id === shownId ? 'location' : undefined}
            title="Show on the map"
            onClick={() => onShow(tile)}
          >
            <span className="rank">{tile.rank}</span>
            <span className="place">
              <span className="city">{tile.city}</span>
              <span className="country">
                {tile.country} · {km.format(tile.distance_m / 1000)} km
              </span>
            </span>
            <Similarity value={tile.similarity} />
          </button>
          <button type="button" className="pick" title="Find what looks like this one" onClick={() => onPick(tile.tile_id)}>
            <span aria-hidden="true">↳</span>
            <span className="sr-only">Find what looks like tile {tile.rank}, in {tile.city}</span>
          </button>
        </li>
      ))}
    </ol>
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
