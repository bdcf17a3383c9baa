// The map coloured by similarity to the chosen tile or block. Source and layers are on the map only while this is switched on.

import type { ColorSpecification, DataDrivenPropertyValueSpecification, LayerSpecification, Map } from 'maplibre-gl';
import type { Method } from '../api/types';
import type { Unit } from '../geo/unit';
import { viridisStops } from '../ui/viridis';
import { palette } from './palette';
import { absoluteUrl } from './urls';

export interface SimilarityTo {
  unit: Unit;
  /** The tile or block to compare with. */
  id: number;
  /** Null: the default of the server. */
  method: Method | null;
}

/** Colours run from here to 1; lower similarities have the same colour. */
export const SIMILARITY_FROM = 0;
/** The lowest layer that lies above the similarities. */
const ABOVE = 'lines';
const SOURCE = 'similarity';

const colour = [
  'interpolate',
  ['linear'],
  ['get', 'similarity'],
  ...viridisStops(SIMILARITY_FROM, 1),
] as unknown as DataDrivenPropertyValueSpecification<ColorSpecification>;

const LAYERS: LayerSpecification[] = [
  {
    id: 'similarity',
    type: 'fill',
    source: SOURCE,
    'source-layer': 'similarity',
    paint: { 'fill-color': colour, 'fill-opacity': 0.85 },
  },
  {
    id: 'similarity-cities',
    type: 'circle',
    source: SOURCE,
    'source-layer': 'cities',
    maxzoom: 6,
    paint: { 'circle-color': colour, 'circle-radius': 7, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1.2 },
  },
];

/** Colour a map, painted as its style has it, by similarity to a tile or block; null removes the colours. */
export function showSimilarity(map: Map, tilesUrl: string, similarity: SimilarityTo | null, isDark: boolean): void {
  for (const { id } of LAYERS) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
  if (!similarity) return;
  const { unit, id, method } = similarity;
  const query = new URLSearchParams({ [`${unit}_id`]: String(id), ...(method && { method }) });
  map.addSource(SOURCE, { type: 'vector', url: `${absoluteUrl(tilesUrl)}/similarity?${query}` });
  for (const layer of LAYERS) map.addLayer(layer, ABOVE);
  drawRings(map, palette(isDark).matches);
}

/** Draw the matches as rings, which leave the colours below them visible. */
function drawRings(map: Map, colour: string): void {
  map.setPaintProperty('match-points', 'circle-opacity', 0);
  map.setPaintProperty('match-points', 'circle-stroke-color', colour);
  map.setPaintProperty('match-points', 'circle-stroke-width', 3);
  map.setPaintProperty('matches', 'fill-opacity', 0);
}
