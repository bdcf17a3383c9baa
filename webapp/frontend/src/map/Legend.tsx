import { conceptItemsUrl } from '../api/client';
import type { Concept } from '../api/types';
import { useConcepts } from '../api/useConcepts';
import { isOwn, type OwnUnit, type Unit } from '../geo/unit';
import { MAX_SCORE } from './changeLayers';
import { SIMILARITY_FROM, VIRIDIS_GRADIENT } from '../ui/viridis';
import './legend.css';

const ZOOMED_OUT: Record<OwnUnit, string> = {
  tile: 'Zoomed out, a city has the colour of its most similar tile.',
  block: 'Zoomed out, a tile has the colour of its most similar block, and a city that of its most similar tile.',
};

const ITEMS_SHOWN = 'Dots are items of the imported set: the most similar ones where there are many.';

/** Say how well a concept finds what it describes where it was not learned. */
const validationText = ({ average_precision: precision }: Concept): string =>
  precision === null ? 'Not validated: examples from one area.' : `Average precision ${precision.toFixed(2)} in cities that were held out.`;

export function SimilarityLegend({ unit, concept }: { unit: Unit; concept: string | null }) {
  const concepts = useConcepts(concept !== null);
  const shown = concepts.find(({ name }) => name === concept);
  const colouredUnit = shown?.unit ?? unit;
  return (
    <div className="map-legend" role="note" aria-label="Colours of similarity">
      <p>Similarity to {concept === null ? 'what is searched for' : <>the concept {concept}</>}</p>
      <Scale from={`≤ ${SIMILARITY_FROM}`} to="1" />
      <p className="small">{isOwn(colouredUnit) ? ZOOMED_OUT[colouredUnit] : ITEMS_SHOWN}</p>
      {shown && <p className="small">{validationText(shown)}</p>}
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
    <Scale from="usual" to={`≥ ${MAX_SCORE} deviations`} />
    <p className="small">Zoomed out, a tile has the colour of its most changed block.</p>
  </div>
);

const Scale = ({ from, to }: { from: string; to: string }) => (
  <div className="scale">
    <span>{from}</span>
    <span className="gradient" style={{ background: VIRIDIS_GRADIENT }} aria-hidden="true" />
    <span>{to}</span>
  </div>
);
