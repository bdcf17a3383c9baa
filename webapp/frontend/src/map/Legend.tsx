import { VIRIDIS_GRADIENT } from '../ui/viridis';
import { SIMILARITY_FROM } from './similarityLayers';

export const SimilarityLegend = () => (
  <div className="map-legend" role="note" aria-label="Colours of similarity">
    <p>Similarity to the chosen tile</p>
    <div className="scale">
      <span>≤ {SIMILARITY_FROM}</span>
      <span className="gradient" style={{ background: VIRIDIS_GRADIENT }} aria-hidden="true" />
      <span>1</span>
    </div>
    <p className="small">Zoomed out, a city has the colour of its most similar tile.</p>
  </div>
);
