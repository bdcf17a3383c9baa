// The map coloured by similarity to the question.

import type { LayerSpecification, Map } from 'maplibre-gl';
import { SIMILARITY_FROM } from '../ui/viridis';
import { growing } from './drawing';
import { onScale, showOverlay } from './overlay';
import { palette } from './palette';

const SOURCE = 'similarity';
/** The layer of the items of an imported set. */
export const ITEMS = 'similarity-items';

const colour = onScale(['get', 'similarity'], SIMILARITY_FROM, 1);

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
  {
    id: ITEMS,
    type: 'circle',
    source: SOURCE,
    'source-layer': 'items',
    paint: { 'circle-color': colour, 'circle-radius': growing(4, 6), 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 0.8 },
  },
];

/** Colour a map, painted as its style has it, by what the query string of the tiles compares with; null removes the colours. */
export function showSimilarity(map: Map, tilesUrl: string, query: string | null, isDark: boolean): void {
  showOverlay(map, SOURCE, LAYERS, tilesUrl, query && `similarity?${query}`);
  if (query === null) return;
  drawRings(map, palette(isDark).matches);
}

/** Draw the matches as rings, which leave the colours below them visible. */
function drawRings(map: Map, colour: string): void {
  map.setPaintProperty('match-points', 'circle-opacity', 0);
  map.setPaintProperty('match-points', 'circle-stroke-color', colour);
  map.setPaintProperty('match-points', 'circle-stroke-width', 3);
  map.setPaintProperty('matches', 'fill-opacity', 0);
}
