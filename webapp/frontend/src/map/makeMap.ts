// Creates the map and reports what happens on it.

import * as maplibregl from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { Problem } from '../api/problem';
import type { LonLat } from '../geo/coordinates';
import { drawnAs, type OwnUnit, type Unit } from '../geo/unit';
import type { View } from '../state/actions';
import { foldAttribution } from './foldAttribution';
import baseUrl from './generated/base.json?url';
import { isOfImagery } from './imagery';
import { CLICK_MIN_ZOOM, MAX_ZOOM, PICK_MIN_ZOOM } from './drawing';
import { ITEMS } from './similarityLayers';
import { mapLayers, mapStyle } from './style';
import { absoluteUrl } from './urls';

// MapLibre 6 is ESM only: without the address of its worker a built page stays blank.
maplibregl.setWorkerUrl(workerUrl);
// The worker starts while the page is still asking for the address of the tiles.
maplibregl.prewarm();

/** A place is shown at this zoom at least. */
const SHOWN_AT_ZOOM: Record<OwnUnit, number> = { tile: 11, block: 13 };
const CITY_ZOOM = 11;
const NARROW_PX = 760;
const PADDING_PX = 60;
/** Beyond this zoom, shapes of 1:110 million look coarse. */
const OVERVIEW_MAX_ZOOM = 2;
/** After this time an incomplete map is shown. */
const SHOWN_AFTER_MS = 2000;

/** What lies under the pointer: the mark of a match, the dot of an item, or a tile at a position. */
export type Under = { matchId: number } | { itemId: number } | { tileId: number; at: LonLat };

export interface MapEvents {
  onClick: (under: Under) => void;
  /** A click where neither a match, a tile nor a city is, on a map that shows tiles. */
  onMissed: (at: LonLat) => void;
  onHover: (under: Under | null) => void;
  onImageryFailed: () => void;
  onImageryLoaded: () => void;
  onProblem: (problem: Problem) => void;
  /** The browser cannot draw a map. */
  onUnavailable: (problem: Problem) => void;
  /** While an area is being drawn, clicks set its corners. */
  isDrawing: () => boolean;
  /** What a click chooses. */
  unit: () => Unit;
}

export function makeMap(container: HTMLDivElement, isDark: boolean, tilesUrl: string, events: MapEvents): maplibregl.Map | null {
  let map: maplibregl.Map;
  try {
    map = new maplibregl.Map({
      container,
      style: mapStyle(isDark, absoluteUrl(tilesUrl), `${absoluteUrl('/pictures')}/{z}/{x}/{y}.webp`),
      hash: 'map',
      center: [15, 25],
      zoom: 1.3,
      maxZoom: MAX_ZOOM,
      renderWorldCopies: true,
      fadeDuration: 0, // fading labels in draws frames for 0.3 s more
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
    });
  } catch {
    events.onUnavailable(new Problem('The map is not available', 'It needs WebGL2, which this browser does not offer. Search and matches work without it.', 0));
    return null;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new maplibregl.ScaleControl({ unit: 'metric' }), 'bottom-left');
  map.addControl(new maplibregl.AttributionControl({ compact: true }), 'bottom-right');
  if (container.parentElement!.clientWidth < NARROW_PX) {
    foldAttribution(map);
  }
  map.on('render', () => (isShown(container) ? (container.dataset.state = 'busy') : finishDrawing(map)));
  map.on('idle', () => isShown(container) && (container.dataset.state = 'idle'));
  map.once('load', () => show(map));
  const patience = setTimeout(() => show(map), SHOWN_AFTER_MS);
  map.once('remove', () => clearTimeout(patience));
  map.on('error', (event) => (isOfImagery(event) ? events.onImageryFailed() : events.onProblem(mapProblem(event.error))));
  map.on('data', (event) => {
    if (isOfImagery(event) && 'tile' in event && event.tile) events.onImageryLoaded();
  });
  map.on('click', (event) => !events.isDrawing() && click(map, event, events));
  hover(map, events);
  refine(map);
  return map;
}

/** Load the detailed base map, which takes the worker half a second to process, only when the user zooms in. */
function refine(map: maplibregl.Map): void {
  const refineIfClose = () => {
    const source = map.getSource<maplibregl.GeoJSONSource>('base');
    if (!source || map.getZoom() <= OVERVIEW_MAX_ZOOM) return;
    map.off('zoom', refineIfClose);
    void source.setData(baseUrl);
  };
  map.on('zoom', refineIfClose);
  map.once('style.load', refineIfClose);
}

const isShown = (container: HTMLElement): boolean => container.dataset.state !== 'loading';

/**
 * Show the map. It starts hidden (map.css): MapLibre then draws it at 400 x 300, and no frame is composited. A dozen frames
 * are drawn until the map is complete, and without a GPU a large frame takes a tenth of a second.
 */
function show(map: maplibregl.Map): void {
  const container = map.getContainer();
  if (isShown(container)) return;
  container.dataset.state = 'busy';
  map.resize();
}

/**
 * Read a pixel to make the renderer finish its pending work. For a hidden map it would otherwise do all of it in the first
 * visible frame, half a second without a GPU; while the map waits for its tiles there is time.
 */
function finishDrawing(map: maplibregl.Map): void {
  const gl = map.getCanvas().getContext('webgl2');
  gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

function mapProblem(error: { message: string; status?: number }): Problem {
  return new Problem('A part of the map could not be loaded', error.message, error.status ?? 0);
}

/** Report the match or tile at a pixel, or fly to the city there: the first that is found. */
function click(map: maplibregl.Map, event: maplibregl.MapMouseEvent, events: MapEvents): void {
  const under = thingUnder(map, event);
  if (under && 'tileId' in under && map.getZoom() < PICK_MIN_ZOOM[drawnAs(events.unit())]) {
    map.flyTo({ center: event.lngLat, zoom: SHOWN_AT_ZOOM[drawnAs(events.unit())] });
    return;
  }
  if (under) return events.onClick(under);
  const city = cityUnder(map, event.point);
  if (city?.geometry.type === 'Point') {
    map.flyTo({ center: city.geometry.coordinates as [number, number], zoom: CITY_ZOOM });
  } else if (map.getZoom() >= CLICK_MIN_ZOOM) {
    const { lng: lon, lat } = event.lngLat.wrap();
    events.onMissed({ lon, lat });
  }
}

/** Return the mark of a match at a pixel, else the item or the tile there; null if there is none. */
function thingUnder(map: maplibregl.Map, { point, lngLat }: maplibregl.MapMouseEvent): Under | null {
  const [mark] = map.queryRenderedFeatures(point, { layers: ['match-points'] });
  if (mark) return { matchId: Number(mark.properties.id) };
  const [item] = map.getLayer(ITEMS) ? map.queryRenderedFeatures(point, { layers: [ITEMS] }) : [];
  if (item) return { itemId: Number(item.id) };
  const [tile] = map.getZoom() >= CLICK_MIN_ZOOM ? map.queryRenderedFeatures(point, { layers: ['grid'] }) : [];
  const { lng: lon, lat } = lngLat.wrap();
  return tile ? { tileId: Number(tile.properties.tile_id), at: { lon, lat } } : null;
}

/** Return the city whose dot is at a pixel, else the one whose name is there. */
function cityUnder(map: maplibregl.Map, point: maplibregl.PointLike): maplibregl.MapGeoJSONFeature | undefined {
  const [dot] = map.queryRenderedFeatures(point, { layers: ['cities'] });
  return dot ?? map.queryRenderedFeatures(point, { layers: ['city-labels'] })[0];
}

function hover(map: maplibregl.Map, events: MapEvents): void {
  map.on('mousemove', (event) => {
    if (events.isDrawing() || !map.getLayer('grid')) return;
    const under = thingUnder(map, event);
    const isOverCity = under === null && cityUnder(map, event.point) !== undefined;
    map.getCanvas().style.cursor = under || isOverCity ? 'pointer' : '';
    const isTooSmall = under !== null && 'tileId' in under && map.getZoom() < PICK_MIN_ZOOM[drawnAs(events.unit())];
    events.onHover(isTooSmall ? null : under);
  });
  map.on('mouseout', () => events.onHover(null));
}

export function go(map: maplibregl.Map, view: View, unit: Unit): void {
  show(map);
  const zoom = SHOWN_AT_ZOOM[drawnAs(('unit' in view && view.unit) || unit)];
  if ('bounds' in view) map.fitBounds(view.bounds, { padding: PADDING_PX, maxZoom: zoom });
  else map.flyTo({ center: [view.lon, view.lat], zoom: Math.max(map.getZoom(), zoom), speed: 2.4 });
}

/** Change the colours between light and dark; the sources keep their data. */
export function repaint(map: maplibregl.Map, isDark: boolean): void {
  for (const layer of mapLayers(isDark)) {
    for (const [name, value] of Object.entries(layer.paint ?? {})) {
      map.setPaintProperty(layer.id, name as never, value as never);
    }
  }
}
