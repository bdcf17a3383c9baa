// Satellite imagery between the base map and the tiles. If it fails, the base map below stays and the page shows a note.

import type { Map } from 'maplibre-gl';
import type { Imagery } from '../api/types';

const SOURCE = 'imagery';
const BELOW = 'borders';
const TOKEN = '{token}';

/** Return the URL template of the imagery's tiles; null for no imagery, or if its token is missing. */
export function imageryUrl(imagery: Imagery | null, token: string): string | null {
  if (!imagery?.tiles_url || (imagery.needs_token && !token)) return null;
  return imagery.tiles_url.replace(TOKEN, encodeURIComponent(token));
}

export function showImagery(map: Map, imagery: Imagery | null, url: string | null): void {
  if (map.getLayer(SOURCE)) map.removeLayer(SOURCE);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
  if (!imagery || !url) return;
  const { attribution, max_zoom } = imagery;
  map.addSource(SOURCE, { type: 'raster', tiles: [url], tileSize: 256, attribution, maxzoom: max_zoom });
  map.addLayer({ id: SOURCE, type: 'raster', source: SOURCE, paint: { 'raster-fade-duration': 150 } }, BELOW);
}

export const isOfImagery = (error: object): boolean => 'sourceId' in error && error.sourceId === SOURCE;
