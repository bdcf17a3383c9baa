// The map: the grid of tiles on the base map, the chosen tile and its matches. MapLibre is driven from effects.

import type { Polygon } from 'geojson';
import type { Map as LibreMap } from 'maplibre-gl';
import { useRef } from 'preact/hooks';
import { nameOf } from '../geo/unit';
import { Inset } from '../inset/Inset';
import { usePage } from '../state/PageProvider';
import { useScheme } from '../state/preferences';
import { useCommands } from '../state/useCommands';
import { ChangeLegend, SimilarityLegend } from './Legend';
import './map.css';
import { MapTools } from './MapTools';
import { palette } from './palette';
import { StartCards } from './StartCards';
import { useDrawing } from './useDrawing';
import { useImagery, useImageryOn } from './useImagery';
import { useMap } from './useMap';
import { useMapState } from './useMapState';
import { usePointer } from './usePointer';

export function TileMap() {
  const { state, dispatch, config, unit, heatMap } = usePage();
  const { changes } = state.page;
  const pointer = usePointer();
  const { isDark } = useScheme();
  const container = useRef<HTMLDivElement>(null);
  const imagery = useImagery();
  const isDrawing = useRef(false);
  const tilesUrl = config.value?.tiles_url ?? null;
  const { map, isLost } = useMap(container, tilesUrl, isDark, {
    ...pointer,
    onImageryFailed: () => imagery.setHasFailed(true),
    onImageryLoaded: () => imagery.setHasFailed(false),
    onProblem: (problem) => dispatch({ type: 'noticed', problem }),
    onUnavailable: (problem) => dispatch({ type: 'mapFailed', problem }),
    isDrawing: () => isDrawing.current,
    unit: () => unit,
  });
  const drawing = useDrawing(map, isDark, {
    onDrawn: (area) => dispatch({ type: 'areaDrawn', area }),
    onProblem: (problem) => dispatch({ type: 'noticed', problem }),
  });
  isDrawing.current = drawing.isOn;
  useImageryOn(map, imagery);
  useMapState(map, tilesUrl, isDark);
  return (
    <section className="map" aria-label="Map of all tiles" style={{ background: palette(isDark).sea }}>
      <div ref={container} className="map-canvas" data-state="loading" />
      <div className="crosshair" aria-hidden="true" />
      <MapTools drawing={drawing} onUseView={() => map && dispatch({ type: 'areaDrawn', area: areaOfView(map) })} />
      {!drawing.isOn && <StartCards />}
      <div className="map-foot">
        <div className="map-corner">
          <Inset map={map} />
          {changes ? <ChangeLegend /> : heatMap && <SimilarityLegend unit={unit} concept={state.page.concept} />}
        </div>
        {isLost && (
          <p className="map-note" role="status">
            The browser has taken the map's graphics memory. The map comes back by itself.
          </p>
        )}
        {imagery.url && imagery.hasFailed && (
          <p className="map-note passing" role="status">
            {imagery.imagery?.name} cannot be reached; the base map stays.
          </p>
        )}
      </div>
      <PickCentre map={map} />
    </section>
  );
}

function PickCentre({ map }: { map: LibreMap | null }) {
  const { unit } = usePage();
  const { pickAt } = useCommands();
  const pick = () => {
    const centre = map?.getCenter().wrap();
    if (centre) pickAt(centre.lng, centre.lat);
  };
  return (
    <button type="button" className="pick-centre" onClick={pick} disabled={!map}>
      Choose the {nameOf(unit)} in the middle of the map
    </button>
  );
}

/** Return what the map shows as an area, for users who cannot draw. */
function areaOfView(map: LibreMap): Polygon {
  const bounds = map.getBounds();
  const [south, north] = [Math.max(bounds.getSouth(), -85), Math.min(bounds.getNorth(), 85)];
  const isWorld = bounds.getEast() - bounds.getWest() >= 360;
  const [west, east] = isWorld ? [-180, 180] : [bounds.getWest(), bounds.getEast()];
  return { type: 'Polygon', coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] }; // prettier-ignore
}
