// Vector tiles that colour the map for a while: their source and layers are on it only then.

import type { ColorSpecification, DataDrivenPropertyValueSpecification, ExpressionSpecification, LayerSpecification, Map } from 'maplibre-gl';
import { viridisStops } from '../ui/viridis';
import { absoluteUrl } from './urls';

/** The lowest layer that lies above the colours. */
const ABOVE = 'lines';

/** Return the colour of a value on a scale between two ends. */
export const onScale = (value: ExpressionSpecification, from: number, to: number) =>
  ['interpolate', ['linear'], value, ...viridisStops(from, to)] as unknown as DataDrivenPropertyValueSpecification<ColorSpecification>;

/** Show layers of a vector source, whose path begins at the address of all tiles; a null path removes them. */
export function showOverlay(map: Map, source: string, layers: LayerSpecification[], tilesUrl: string, path: string | null): void {
  for (const { id } of layers) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource(source)) map.removeSource(source);
  if (path === null) return;
  map.addSource(source, { type: 'vector', url: `${absoluteUrl(tilesUrl)}/${path}` });
  for (const layer of layers) map.addLayer(layer, ABOVE);
}
