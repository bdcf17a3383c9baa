// The saved places: a tray of named collections, kept in this browser.

import { pictureUrl } from '../api/client';
import { boundsOf } from '../geo/bounds';
import { usePage } from '../state/PageProvider';
import { Icon } from '../ui/Icon';
import { currentOf, examplesOf, toggled, type SavedPlace } from './collections';
import { CollectionMenu } from './CollectionMenu';
import { Files } from './Files';
import './saved.css';
import { useCollections } from './useCollections';

export function Tray() {
  const { state } = usePage();
  const [collections] = useCollections();
  const { places } = currentOf(collections);
  if (!state.isTrayOpen) return null;
  return (
    <section className="tray" aria-label="Saved places">
      <CollectionMenu />
      {places.length === 0 ? (
        <p className="note">“Save” on a match keeps it here, in this browser.</p>
      ) : (
        <ul>
          {places.map((place) => (
            <Saved key={`${place.unit} ${place.id}`} place={place} />
          ))}
        </ul>
      )}
      <TrayActions places={places} />
    </section>
  );
}

function Saved({ place }: { place: SavedPlace }) {
  const [collections, change] = useCollections();
  const { dispatch } = usePage();
  const { unit, id, city, country } = place;
  const name = country ? `${city}, ${country}` : city;
  return (
    <li>
      <button type="button" className="saved-picture" title={name} aria-label={`Show ${name} on the map`} onClick={() => dispatch({ type: 'viewRequested', view: middleOf(place) })}>
        <img src={pictureUrl(unit, id)} alt="" width="224" height="224" loading="lazy" />
        <bdi>{city}</bdi>
      </button>
      <button type="button" className="saved-remove" aria-label={`Remove ${name} from the saved places`} onClick={() => change(toggled(collections, place))}>
        <Icon name="close" />
      </button>
    </li>
  );
}

function TrayActions({ places }: { places: SavedPlace[] }) {
  const { dispatch, unit } = usePage();
  const isEmpty = places.length === 0;
  return (
    <div className="actions">
      <button type="button" disabled={isEmpty} onClick={() => dispatch({ type: 'examplesSearched', ...examplesOf(places, unit) })}>
        Search like {places.length > 1 ? `these ${places.length}` : 'this'}
      </button>
      <button type="button" disabled={isEmpty} onClick={() => dispatch({ type: 'viewRequested', view: { bounds: boundsOf(places.map(middleOf)) } })}>
        Show on map
      </button>
      <Files />
    </div>
  );
}

/** Return the centre of a place, halfway between opposite corners. */
function middleOf({ footprint }: SavedPlace) {
  const [a, , c] = footprint.coordinates[0] as [number[], number[], number[]];
  return { lon: (a[0]! + c[0]!) / 2, lat: (a[1]! + c[1]!) / 2 };
}
