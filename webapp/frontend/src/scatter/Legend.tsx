import { count, plural } from '../ui/format';
import { SIMILARITY_FROM, VIRIDIS_GRADIENT } from '../ui/viridis';
import type { Legend } from './colours';
import './legend.css';

interface Props {
  legend: Legend;
  /** The continent that is highlighted. */
  only: string | null;
  onOnly: (continent: string | null) => void;
}

export function ScatterLegend({ legend, only, onOnly }: Props) {
  if (legend.kind === 'continents') {
    return (
      <ul className="scatter-legend" aria-label="Colours of the continents">
        {legend.entries.map(({ name, colour, n }) => (
          <li key={name}>
            <button type="button" title={`Highlight ${name}: ${plural(n, 'tile')}`} aria-pressed={name === only} onClick={() => onOnly(name === only ? null : name)}>
              <Swatch colour={colour} />
              {name}
            </button>
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
        <span>≤ {SIMILARITY_FROM}</span>
        <span className="scatter-gradient" style={{ background: VIRIDIS_GRADIENT }} aria-hidden="true" />
        <span>1</span>
      </span>
    </p>
  );
}

const Swatch = ({ colour }: { colour: string }) => (
  <span className="scatter-swatch" style={{ background: colour }} aria-hidden="true" />
);
