// Parts of the map that come and go with the page's state.

import type { Map } from 'maplibre-gl';
import type { Method } from '../api';
import { absolute } from './makeMap';
import { ABOVE_LIKENESS, LIKENESS_LAYERS } from './style';

/** Which tile the world is compared with. */
export interface SimilarityLayer {
  tileId: number;
  method: Method;
}

const GRID = { source: 'terrakin', sourceLayer: 'grid' };

export function showSimilarity(map: Map, tilesUrl: string, similarity: SimilarityLayer | null): void {
  for (const { id } of LIKENESS_LAYERS) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource('similarity')) map.removeSource('similarity');
  if (!similarity) return;
  const query = new URLSearchParams({ tile_id: String(similarity.tileId), method: similarity.method });
  map.addSource('similarity', { type: 'vector', url: `${absolute(tilesUrl)}/similarity?${query}` });
  for (const layer of LIKENESS_LAYERS) map.addLayer(layer, ABOVE_LIKENESS);
}

/** Sets a state of tiles in the grid; what takes it away again is returned. */
export function markTiles(map: Map, state: 'hover' | 'lasso', tileIds: number[]): () => void {
  for (const id of tileIds) map.setFeatureState({ ...GRID, id }, { [state]: true });
  return () => {
    // The map may be gone before its marks.
    if (map.getStyle()) for (const id of tileIds) map.setFeatureState({ ...GRID, id }, { [state]: false });
  };
}

export function markCities(map: Map, cityIds: number[]): void {
  map.setFilter('lasso-cities', ['in', ['get', 'city_id'], ['literal', cityIds]]);
}
