import { thumbnailUrl } from '../api/client';
import type { Tile } from '../api/types';
import { usePage } from '../state/PageProvider';
import { percent } from '../ui/format';
import { Icon } from '../ui/Icon';
import { PlaceFacts } from '../ui/PlaceFacts';
import { Sources } from '../ui/Sources';

export function SelectedTile({ tile }: { tile: Tile }) {
  return (
    <section className="selected" aria-label="Chosen tile">
      {tile.has_thumbnail && <img src={thumbnailUrl(tile.tile_id)} alt={`Satellite picture of the chosen tile in ${tile.city}`} />}
      <div className="place">
        <h2>{tile.city}</h2>
        <p>
          <PlaceFacts place={tile} />
        </p>
        <p className="small">Tile {tile.tile_id}</p>
        {tile.valid_share < 1 && <p className="small">Clear pixels {percent(tile.valid_share)}</p>}
        {tile.dominant_area && (
          <p className="small" title="The largest group of similar patches, outlined on the map">
            <span className="dominant-key" aria-hidden="true" /> Largest cluster {percent(tile.dominant_share)}
          </p>
        )}
      </div>
      <Actions tile={tile} />
      <p className="small sources">
        <Sources tile={tile} />
      </p>
    </section>
  );
}

function Actions({ tile }: { tile: Tile }) {
  const { state, dispatch } = usePage();
  const isAway = state.page.shownId !== null;
  return (
    <div className="actions">
      <button
        type="button"
        onClick={() => dispatch({ type: 'tilePicked', tileId: null })}
        aria-label="Remove the chosen tile"
        title="Remove the chosen tile"
      >
        <Icon name="close" />
      </button>
      <button
        type="button"
        onClick={() => dispatch({ type: 'chosenTileShown', at: { lon: tile.lon, lat: tile.lat } })}
        aria-label={isAway ? 'Back to the chosen tile' : 'Show the chosen tile'}
      >
        {isAway ? 'Back' : 'Show'}
      </button>
    </div>
  );
}
