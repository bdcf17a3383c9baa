import { thumbnailUrl } from '../api/client';
import { usePage, type Chosen } from '../state/PageProvider';
import { BlockOutline } from '../ui/BlockOutline';
import { percent } from '../ui/format';
import { Icon } from '../ui/Icon';
import { PlaceFacts } from '../ui/PlaceFacts';
import { Sources } from '../ui/Sources';

/** The chosen tile or block. */
export function ChosenPlace({ chosen }: { chosen: Chosen }) {
  const { unit, id, tile } = chosen;
  return (
    <section className="selected" aria-label={`Chosen ${unit}`}>
      {tile.has_thumbnail && (
        <div className="selected-picture">
          <img src={thumbnailUrl(tile.tile_id)} alt={pictureText(chosen)} />
          {unit === 'block' && <BlockOutline id={id} />}
        </div>
      )}
      <div className="place">
        <h2>{tile.city}</h2>
        <p>
          <PlaceFacts place={tile} />
        </p>
        <p className="small">
          {unit === 'tile' ? 'Tile' : 'Block'} {id}
        </p>
        {unit === 'tile' && tile.valid_share < 1 && <p className="small">Clear pixels {percent(tile.valid_share)}</p>}
        {unit === 'tile' && tile.dominant_area && (
          <p className="small" title="The largest group of similar patches, outlined on the map">
            <span className="dominant-key" aria-hidden="true" /> Largest cluster {percent(tile.dominant_share)}
          </p>
        )}
      </div>
      <Actions chosen={chosen} />
      <p className="small sources">
        <Sources tile={tile} />
      </p>
    </section>
  );
}

const pictureText = ({ unit, tile }: Chosen): string =>
  unit === 'tile'
    ? `Satellite picture of the chosen tile in ${tile.city}`
    : `Satellite picture of the tile in ${tile.city}, with the chosen block outlined`;

function Actions({ chosen }: { chosen: Chosen }) {
  const { state, dispatch } = usePage();
  const isAway = state.page.shownId !== null;
  const { unit, lon, lat } = chosen;
  return (
    <div className="actions">
      <button
        type="button"
        onClick={() => dispatch({ type: 'picked', id: null })}
        aria-label={`Remove the chosen ${unit}`}
        title={`Remove the chosen ${unit}`}
      >
        <Icon name="close" />
      </button>
      <button
        type="button"
        onClick={() => dispatch({ type: 'chosenShown', at: { lon, lat } })}
        aria-label={isAway ? `Back to the chosen ${unit}` : `Show the chosen ${unit}`}
      >
        {isAway ? 'Back' : 'Show'}
      </button>
    </div>
  );
}
