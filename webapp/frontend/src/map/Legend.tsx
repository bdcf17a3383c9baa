import { viridisGradient } from '../viridis';
import { LIKENESS_FROM } from './style';

export const SimilarityLegend = () => (
  <div className="map-legend" role="note" aria-label="Colours of similarity">
    <p>Similarity to the chosen tile</p>
    <div className="scale">
      <span>≤ {LIKENESS_FROM}</span>
      <span className="gradient" style={{ background: viridisGradient }} aria-hidden="true" />
      <span>1</span>
    </div>
    <p className="small">From afar, a city has the colour of its most similar tile.</p>
  </div>
);
