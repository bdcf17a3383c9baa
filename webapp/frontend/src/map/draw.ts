// Drawing of an area on the map: terra-draw, loaded when it is first wanted.

import type { Polygon } from 'geojson';
import type { Map } from 'maplibre-gl';
import { TerraDraw, TerraDrawPolygonMode, ValidateNotSelfIntersecting } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';

/** Lets the user draw one polygon, hands it over, and is gone. What is returned gives up. */
export function drawPolygon(map: Map, colour: `#${string}`, onDrawn: (area: Polygon) => void): () => void {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map }),
    modes: [
      new TerraDrawPolygonMode({
        styles: { fillColor: colour, fillOpacity: 0.12, outlineColor: colour, outlineWidth: 2, closingPointColor: colour },
        validation: (feature, { updateType }) => (updateType === 'finish' ? ValidateNotSelfIntersecting(feature) : { valid: true }),
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
