// The tiles selected with the lasso in the scatter plot, and what can be done with them.

import { getCity } from '../api/client';
import { toProblem } from '../api/problem';
import { boundsOf, type Bounds } from '../geo/bounds';
import { savedPlace, withCollection } from '../saved/collections';
import { useCollections } from '../saved/useCollections';
import { MAX_EXAMPLES } from '../state/page';
import { usePage } from '../state/PageProvider';
import { findTile } from '../state/places';
import { spread } from '../state/spread';
import { count, plural } from '../ui/format';
import { Icon } from '../ui/Icon';
import './lasso.css';
import { cityIdsOf } from './lassoed';

/** If there are more cities than this, the whole map is shown. */
const MAX_CITIES = 60;
const WORLD: Bounds = [-180, -60, 180, 75];

export function LassoCard() {
  const { dispatch, lassoIds } = usePage();
  if (lassoIds.length === 0) return null;
  const zoom = () => {
    boundsOfCities(lassoIds).then(
      (bounds) => dispatch({ type: 'viewRequested', view: { bounds } }),
      (error: unknown) => dispatch({ type: 'noticed', problem: toProblem(error) }),
    );
  };
  return (
    <section className="lasso" aria-label="Selected tiles">
      <p>
        <strong>{count(lassoIds.length)}</strong> {lassoIds.length === 1 ? 'tile' : 'tiles'} selected
        {lassoIds.length > MAX_EXAMPLES && <small>a search or collection has {MAX_EXAMPLES} of them, spread evenly</small>}
      </p>
      <div className="actions">
        <button type="button" className="primary" onClick={() => dispatch({ type: 'examplesSearched', unit: 'tile', ids: lassoIds })}>
          Search for similar tiles
        </button>
        <button type="button" onClick={zoom}>
          Zoom to them
        </button>
        <SaveButton tileIds={lassoIds} />
        <button type="button" aria-label="Clear the selection" onClick={() => dispatch({ type: 'lassoed', lasso: null })}>
          <Icon name="close" />
        </button>
      </div>
    </section>
  );
}

/** Save the tiles as a collection of their own. */
function SaveButton({ tileIds }: { tileIds: number[] }) {
  const { dispatch } = usePage();
  const [collections, change] = useCollections();
  const save = () => {
    Promise.all(spread(tileIds, MAX_EXAMPLES).map(findTile)).then(
      (tiles) => {
        change(withCollection(collections, { name: `Lasso of ${plural(tiles.length, 'tile')}`, places: tiles.map((tile) => savedPlace('tile', tile.tile_id, tile)) }));
        dispatch({ type: 'traySwitched', isOpen: true });
      },
      (error: unknown) => dispatch({ type: 'noticed', problem: toProblem(error) }),
    );
  };
  return (
    <button type="button" onClick={save}>
      Save
    </button>
  );
}

async function boundsOfCities(tileIds: number[]): Promise<Bounds> {
  const cityIds = await cityIdsOf(tileIds);
  if (cityIds.length > MAX_CITIES) return WORLD;
  const cities = await Promise.all(cityIds.map((id) => getCity(id)));
  const corners = cities.flatMap(({ bounds: [west, south, east, north] }) => [
    { lon: west, lat: south },
    { lon: east, lat: north },
  ]);
  return cities.length === 1 ? cities[0]!.bounds : boundsOf(corners);
}
