// The map coloured by how unusually places of a city changed.

import type { ExpressionSpecification, LayerSpecification, Map } from 'maplibre-gl';
import type { Change } from '../api/types';
import type { AskedChanges } from '../state/page';
import { FONT } from './drawing';
import { onScale, showOverlay } from './overlay';

const SOURCE = 'change';
const RANKS = 'change-ranks';
/** Robust standard deviations, from which on the colour stays the same. */
export const MAX_SCORE = 8;

const colour = onScale(['coalesce', ['get', 'score'], 0], 0, MAX_SCORE);

const LAYERS: LayerSpecification[] = [
  { id: 'change', type: 'fill', source: SOURCE, 'source-layer': 'change', paint: { 'fill-color': colour, 'fill-opacity': 0.7 } },
  {
    id: RANKS,
    type: 'symbol',
    source: SOURCE,
    'source-layer': 'change',
    minzoom: 12,
    layout: { 'text-field': '', 'text-font': FONT, 'text-size': 13, 'text-allow-overlap': true },
    paint: { 'text-color': '#000000', 'text-halo-color': '#ffffff', 'text-halo-width': 2 },
  },
];

/** Colour a map by changes; null removes the colours. */
export function showChanges(map: Map, tilesUrl: string, changes: AskedChanges | null): void {
  showOverlay(map, SOURCE, LAYERS, tilesUrl, changes && `change?city_id=${changes.cityId}&period_a=${changes.from}&period_b=${changes.to}`);
}

/** Write the ranks of the listed changes on their blocks. */
export function showRanks(map: Map, listed: Change[]): void {
  if (!map.getLayer(RANKS)) return;
  const ranks = listed.flatMap(({ block_id: id, rank }) => (id === null ? [] : [id, String(rank)]));
  map.setLayoutProperty(RANKS, 'text-field', ranks.length === 0 ? '' : (['match', ['get', 'block_id'], ...ranks, ''] as unknown as ExpressionSpecification));
}
