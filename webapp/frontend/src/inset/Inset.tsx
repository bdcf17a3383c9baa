// A small world over the map that always shows all matches, what is chosen, and what the map shows.

import type { FeatureCollection } from 'geojson';
import type { Map } from 'maplibre-gl';
import { useMemo } from 'preact/hooks';
import type { Match } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import type { Place } from '../geo/blocks';
import overviewUrl from '../map/generated/overview.json?url';
import { usePage } from '../state/PageProvider';
import { plural } from '../ui/format';
import './inset.css';
import { useMapBounds } from './useMapBounds';
import { framesOf, HEIGHT, isWithin, landPath, WIDTH, xyOf } from './world';

export function Inset({ map }: { map: Map | null }) {
  const { dispatch, matches, chosen, hovered } = usePage();
  const land = useAnswer('land', loadLand).value;
  const bounds = useMapBounds(map);
  const dots = useMemo(() => matches.toReversed().map((match) => <Dot key={match.id} match={match} />), [matches]);
  if (!land || matches.length === 0) return null;
  const nOutside = bounds ? matches.filter((match) => !isWithin(match, bounds)).length : 0;
  const show = (event: MouseEvent) => {
    const match = matches.find(({ id }) => String(id) === (event.target as Element).getAttribute('data-id'));
    if (match) dispatch({ type: 'matchShown', id: match.id, at: { lon: match.lon, lat: match.lat } });
  };
  const hover = (event: MouseEvent) => {
    const id = (event.target as Element).getAttribute('data-id');
    dispatch({ type: 'hovered', id: id === null ? null : Number(id) });
  };
  return (
    <figure className="inset">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`World map with ${plural(matches.length, 'match', 'matches')}`} onClick={show} onMouseOver={hover} onMouseLeave={() => dispatch({ type: 'hovered', id: null })}>
        <path className="land" d={land} />
        {bounds && framesOf(bounds).map((frame) => <rect key={frame.x} className="frame" {...frame} />)}
        {dots}
        {chosen.value && <Mark className="chosen" place={chosen.value} r={4} />}
        {hovered.place && <Mark className="hovered" place={hovered.place} r={5.5} />}
      </svg>
      {nOutside > 0 && <figcaption>{nOutside === matches.length ? 'All matches are' : plural(nOutside, 'match is', 'matches are')} outside the map</figcaption>}
    </figure>
  );
}

const loadLand = async (signal: AbortSignal) => landPath((await (await fetch(overviewUrl, { signal })).json()) as FeatureCollection);

function Dot({ match }: { match: Match }) {
  const [x, y] = xyOf(match);
  return <circle className="match" data-id={match.id} cx={x} cy={y} r={3} />;
}

function Mark({ className, place, r }: { className: string; place: Place; r: number }) {
  const [x, y] = xyOf(place);
  return <circle className={className} cx={x} cy={y} r={r} />;
}
