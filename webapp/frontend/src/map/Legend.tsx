import { conceptItemsUrl, getConcepts } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { isOwn, type OwnUnit, type Unit } from '../geo/unit';
import { MAX_SCORE } from './changeLayers';
import { SIMILARITY_FROM, VIRIDIS_GRADIENT } from '../ui/viridis';
import './legend.css';

const ZOOMED_OUT: Record<OwnUnit, string> = {
  tile: 'Zoomed out, a city has the colour of its most similar tile.',
  block: 'Zoomed out, a tile has the colour of its most similar block, and a city that of its most similar tile.',
};

const ITEMS_SHOWN = 'Dots are items of the imported set: the most similar ones where there are many.';

export function SimilarityLegend({ unit, concept }: { unit: Unit; concept: string | null }) {
  const concepts = useAnswer(concept && 'concepts', getConcepts).value ?? [];
  const colouredUnit = concepts.find(({ name }) => name === concept)?.unit ?? unit;
  return (
    <div className="map-legend" role="note" aria-label="Colours of similarity">
      <p>Similarity to {concept === null ? 'what is searched for' : <>the concept {concept}</>}</p>
      <div className="scale">
        <span>≤ {SIMILARITY_FROM}</span>
        <span className="gradient" style={{ background: VIRIDIS_GRADIENT }} aria-hidden="true" />
        <span>1</span>
      </div>
      <p className="small">{isOwn(colouredUnit) ? ZOOMED_OUT[colouredUnit] : ITEMS_SHOWN}</p>
      {concept !== null && (
        <p className="small">
          <a href={conceptItemsUrl(concept)}>Download everything of this kind</a> (CSV)
        </p>
      )}
    </div>
  );
}

export const ChangeLegend = () => (
  <div className="map-legend" role="note" aria-label="Colours of change">
    <p>Change, compared with the rest of the city</p>
    <div className="scale">
      <span>usual</span>
      <span className="gradient" style={{ background: VIRIDIS_GRADIENT }} aria-hidden="true" />
      <span>≥ {MAX_SCORE} deviations</span>
    </div>
    <p className="small">Zoomed out, a tile has the colour of its most changed block.</p>
  </div>
);
