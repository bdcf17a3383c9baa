import { count, plural } from '../ui/format';
import { VIRIDIS_GRADIENT } from '../ui/viridis';
import type { Legend } from './colours';

export function ScatterLegend({ legend }: { legend: Legend }) {
  if (legend.kind === 'continents') {
    return (
      <ul className="scatter-legend" aria-label="Colours of the continents">
        {legend.entries.map(({ name, colour, n }) => (
          <li key={name} title={plural(n, 'tile')}>
            <Swatch colour={colour} />
            {name}
          </li>
        ))}
      </ul>
    );
  }
  if (legend.kind === 'cities') {
    return (
      <p className="scatter-legend">
        {legend.selected !== null && (
          <span>
            <Swatch colour={legend.colour} />
            {legend.selected}
          </span>
        )}
        <span>
          {count(legend.nCities)} cities; several share each hue.
        </span>
      </p>
    );
  }
  return (
    <p className="scatter-legend">
      <span className="scatter-scale">
        <span className="sr-only">Cosine similarity to the chosen tile, dark to bright, from </span>
        <span>≤ {legend.low.toFixed(2)}</span>
        <span className="scatter-gradient" style={{ background: VIRIDIS_GRADIENT }} aria-hidden="true" />
        <span>≥ {legend.high.toFixed(2)}</span>
      </span>
    </p>
  );
}

const Swatch = ({ colour }: { colour: string }) => (
  <span className="scatter-swatch" style={{ background: colour }} aria-hidden="true" />
);
