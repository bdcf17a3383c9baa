// The map coloured by how unusually places of a city changed. Source and layers are on the map only while changes are shown.

import type { ColorSpecification, DataDrivenPropertyValueSpecification, LayerSpecification, Map } from 'maplibre-gl';
import type { AskedChanges } from '../state/page';
import { viridisStops } from '../ui/viridis';
import { FONT } from './drawing';
import { absoluteUrl } from './urls';

/** The lowest layer that lies above the colours. */
const ABOVE = 'lines';
const SOURCE = 'change';
/** Robust standard deviations, from which on the colour stays the same. */
export const MAX_SCORE = 8;
/** So many places are listed, and numbered on the map. */
const N_LISTED = 20;

const colour = [
  'interpolate',
  ['linear'],
  ['coalesce', ['get', 'score'], 0],
  ...viridisStops(0, MAX_SCORE),
] as unknown as DataDrivenPropertyValueSpecification<ColorSpecification>;

const LAYERS: LayerSpecification[] = [
  { id: 'change', type: 'fill', source: SOURCE, 'source-layer': 'change', paint: { 'fill-color': colour, 'fill-opacity': 0.7 } },
  {
    id: 'change-ranks',
    type: 'symbol',
    source: SOURCE,
    'source-layer': 'change',
    minzoom: 12,
    filter: ['<=', ['get', 'rank'], N_LISTED],
    layout: { 'text-field': ['to-string', ['get', 'rank']], 'text-font': FONT, 'text-size': 13, 'text-allow-overlap': true },
    paint: { 'text-color': '#000000', 'text-halo-color': '#ffffff', 'text-halo-width': 2 },
  },
];

/** Colour a map by changes; null removes the colours. */
export function showChanges(map: Map, tilesUrl: string, changes: AskedChanges | null): void {
  for (const { id } of LAYERS) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
  if (!changes) return;
  const { cityId, from, to } = changes;
  map.addSource(SOURCE, { type: 'vector', url: `${absoluteUrl(tilesUrl)}/change?city_id=${cityId}&period_a=${from}&period_b=${to}` });
  for (const layer of LAYERS) map.addLayer(layer, ABOVE);
}
