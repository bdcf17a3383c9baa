import { thumbnailUrl } from '../api/client';
import { ChangesButton } from '../changes/ChangesButton';
import { nameOf } from '../geo/unit';
import type { Chosen, ChosenTile } from '../state/chosen';
import { usePage } from '../state/PageProvider';
import { BlockOutline } from '../ui/BlockOutline';
import { percent } from '../ui/format';
import { PlaceFacts } from '../ui/PlaceFacts';
import { Sources } from '../ui/Sources';
import { ItemDetails, ItemPlace } from './ChosenItem';

/** The chosen tile, block or item. */
export const ChosenPlace = ({ chosen }: { chosen: Chosen }) => (
  <section className="selected" aria-label={`Chosen ${nameOf(chosen.unit)}`}>
    {chosen.tile ? <OwnPlace chosen={chosen} /> : <ItemPlace item={chosen.item} />}
    <div className="actions">
      <BackButton chosen={chosen} />
    </div>
    <details className="small">
      <summary>Details</summary>
      {chosen.tile ? <OwnDetails chosen={chosen} /> : <ItemDetails item={chosen.item} />}
    </details>
    {chosen.tile && <ChangesButton cityId={chosen.tile.city_id} />}
  </section>
);

function OwnPlace({ chosen }: { chosen: ChosenTile }) {
  const { unit, id, tile } = chosen;
  return (
    <>
      {tile.has_thumbnail && (
        <div className="selected-picture">
          <img src={thumbnailUrl(tile.tile_id)} alt={pictureText(chosen)} />
          {unit === 'block' && <BlockOutline id={id} />}
        </div>
      )}
      <div className="place">
        <h2>
          <bdi>{tile.city}</bdi>
        </h2>
        <p>
          <PlaceFacts place={tile} />
        </p>
      </div>
    </>
  );
}

const OwnDetails = ({ chosen: { unit, id, tile } }: { chosen: ChosenTile }) => (
  <>
    <p>
      {unit === 'tile' ? 'Tile' : 'Block'} {id}
      {unit === 'tile' && tile.valid_share < 1 && ` · clear pixels ${percent(tile.valid_share)}`}
    </p>
    {unit === 'tile' && tile.dominant_area && (
      <p>
        <span className="dominant-key" aria-hidden="true" /> Largest cluster {percent(tile.dominant_share)}: the largest group of similar patches
      </p>
    )}
    <p>
      <Sources tile={tile} />
    </p>
  </>
);

const pictureText = ({ unit, tile }: ChosenTile): string =>
  unit === 'tile'
    ? `Satellite picture of the chosen tile in ${tile.city}`
    : `Satellite picture of the tile in ${tile.city}, with the chosen block outlined`;

function BackButton({ chosen }: { chosen: Chosen }) {
  const { state, dispatch } = usePage();
  const isAway = state.page.shownId !== null;
  const { unit, lon, lat } = chosen;
  return (
    <button
      type="button"
      onClick={() => dispatch({ type: 'chosenShown', at: { lon, lat } })}
      aria-label={`${isAway ? 'Back to' : 'Show'} the chosen ${nameOf(unit)}`}
    >
      {isAway ? 'Back' : 'Show'}
    </button>
  );
}
