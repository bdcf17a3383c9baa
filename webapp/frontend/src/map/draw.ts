// Drawing an area on the map with terra-draw, which is loaded with this module when drawing first starts.

import type { Polygon } from 'geojson';
import type { Map } from 'maplibre-gl';
import { TerraDraw, TerraDrawPolygonMode, ValidateNotSelfIntersecting } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';

/**
 * Let the user draw one polygon, then call `onDrawn`; `onCrossed` if its lines cross, which leaves it open. Return a
 * function that cancels the drawing.
 */
export function drawPolygon(map: Map, colour: `#${string}`, onDrawn: (area: Polygon) => void, onCrossed: () => void): () => void {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map }),
    modes: [
      new TerraDrawPolygonMode({
        styles: { fillColor: colour, fillOpacity: 0.12, outlineColor: colour, outlineWidth: 2, closingPointColor: colour },
        validation: (feature, { updateType }) => {
          if (String(updateType) !== 'finish') return { valid: true };
          const found = ValidateNotSelfIntersecting(feature);
          if (!found.valid) onCrossed();
          return found;
        },
      }),
    ],
  });
  const stop = () => {
    if (draw.enabled) draw.stop();
  };
  draw.start();
  draw.setMode('polygon');
  draw.on('finish', (id) => {
    const feature = draw.getSnapshotFeature(id);
    if (feature?.geometry.type !== 'Polygon') return;
    stop();
    onDrawn(feature.geometry);
  });
  return stop;
}
