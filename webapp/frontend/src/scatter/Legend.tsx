import type { Legend } from './colours';

const count = new Intl.NumberFormat('en');

export function ScatterLegend({ legend }: { legend: Legend }) {
  if (legend.kind === 'continents') {
    return (
      <ul className="scatter-legend" aria-label="Colours of the continents">
        {legend.entries.map(({ name, colour, n }) => (
          <li key={name} title={`${count.format(n)} tiles`}>
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
          {count.format(legend.nCities)} cities; a hue is shared by several.
        </span>
      </p>
    );
  }
  return (
    <p className="scatter-legend">
      <span className="scatter-scale">
        <span className="sr-only">Cosine similarity to the chosen tile, dark to bright, from </span>
        <span>≤ {legend.low.toFixed(2)}</span>
        <span className="scatter-gradient" style={{ background: legend.gradient }} aria-hidden="true" />
        <span>≥ {legend.high.toFixed(2)}</span>
      </span>
    </p>
  );
}

const Swatch = ({ colour }: { colour: string }) => (
  <span className="scatter-swatch" style={{ background: colour }} aria-hidden="true" />
);
