// What was selected with the lasso in the scatter plot, and what can be done with it.

import { getCity, toProblem, type Problem } from './api';
import { boundsOf } from './bounds';
import { Icon } from './Icon';
import type { View } from './map/Map';
import { cityIdsOf } from './lassoCities';
import { MAX_EXAMPLES } from './state';
import type { Change } from './usePageState';

interface Props {
  ids: number[];
  onIds: (ids: number[]) => void;
  onChange: Change;
  onView: (view: View) => void;
  onProblem: (problem: Problem) => void;
}

/** More cities than this are seen on the whole map. */
const MAX_CITIES = 60;
const count = new Intl.NumberFormat('en');

export function LassoCard({ ids, onIds, onChange, onView, onProblem }: Props) {
  if (ids.length === 0) return null;
  const searchLikeThese = () =>
    onChange({ tileId: null, positive: spread(ids, MAX_EXAMPLES), negative: [], compareId: null, shownId: null, areaUse: 'within' });
  const zoom = () => {
    boundsOfCities(ids).then(
      (bounds) => onView({ bounds }),
      (error: unknown) => onProblem(toProblem(error)),
    );
  };
  return (
    <section className="lasso" aria-label="Selected tiles">
      <p>
        <strong>{count.format(ids.length)}</strong> {ids.length === 1 ? 'tile' : 'tiles'} selected
        {ids.length > MAX_EXAMPLES && <small>a search takes {MAX_EXAMPLES} of them, spread evenly</small>}
      </p>
      <div className="actions">
        <button type="button" className="primary" onClick={searchLikeThese}>
          Search like these
        </button>
        <button type="button" onClick={zoom}>
          Zoom to them
        </button>
        <button type="button" aria-label="Select no tiles" onClick={() => onIds([])}>
          <Icon name="close" />
        </button>
      </div>
    </section>
  );
}

/** At most n of the ids, evenly from first to last. */
const spread = (ids: number[], n: number): number[] =>
  ids.length <= n ? ids : Array.from({ length: n }, (_, i) => ids[Math.floor((i * ids.length) / n)]!);

const WORLD: [number, number, number, number] = [-180, -60, 180, 75];

async function boundsOfCities(ids: number[]): Promise<[number, number, number, number]> {
  const cityIds = await cityIdsOf(ids);
  if (cityIds.length > MAX_CITIES) return WORLD;
  const cities = await Promise.all(cityIds.map((id) => getCity(id, new AbortController().signal)));
  const corners = cities.flatMap(({ bounds: [west, south, east, north] }) => [
    { lon: west, lat: south },
    { lon: east, lat: north },
  ]);
  return cities.length === 1 ? cities[0]!.bounds : boundsOf(corners);
}
