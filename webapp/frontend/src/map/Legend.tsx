import type { Unit } from '../geo/unit';
import { SIMILARITY_FROM, VIRIDIS_GRADIENT } from '../ui/viridis';
import './legend.css';

const ZOOMED_OUT: Record<Unit, string> = {
  tile: 'Zoomed out, a city has the colour of its most similar tile.',
  block: 'Zoomed out, a tile has the colour of its most similar block, and a city that of its most similar tile.',
};

export const SimilarityLegend = ({ unit }: { unit: Unit }) => (
  <div className="map-legend" role="note" aria-label="Colours of similarity">
    <p>Similarity to what is searched for</p>
    <div className="scale">
      <span>≤ {SIMILARITY_FROM}</span>
      <span className="gradient" style={{ background: VIRIDIS_GRADIENT }} aria-hidden="true" />
      <span>1</span>
    </div>
    <p className="small">{ZOOMED_OUT[unit]}</p>
  </div>
);
