// The tiles selected with the lasso in the scatter plot, and what can be done with them.

import { getCity } from '../api/client';
import { toProblem } from '../api/problem';
import { boundsOf, type Bounds } from '../geo/bounds';
import { MAX_EXAMPLES } from '../state/page';
import { usePage } from '../state/PageProvider';
import { count } from '../ui/format';
import { Icon } from '../ui/Icon';
import './lasso.css';
import { cityIdsOf } from './lassoCities';

/** If there are more cities than this, the whole map is shown. */
const MAX_CITIES = 60;
const WORLD: Bounds = [-180, -60, 180, 75];

export function LassoCard() {
  const { state, dispatch } = usePage();
  const { lassoIds } = state;
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
        {lassoIds.length > MAX_EXAMPLES && <small>a search uses {MAX_EXAMPLES} of them, spread evenly</small>}
      </p>
      <div className="actions">
        <button type="button" className="primary" onClick={() => dispatch({ type: 'examplesSearched', unit: 'tile', ids: lassoIds })}>
          Search for similar tiles
        </button>
        <button type="button" onClick={zoom}>
          Zoom to them
        </button>
        <button type="button" aria-label="Clear the selection" onClick={() => dispatch({ type: 'lassoed', tileIds: [] })}>
          <Icon name="close" />
        </button>
      </div>
    </section>
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
