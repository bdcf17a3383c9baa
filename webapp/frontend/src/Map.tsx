// The map: the grid of tiles on the base map, the chosen tile and its look-alikes. MapLibre is driven from effects.

import type { Feature, FeatureCollection, Point, Polygon } from 'geojson';
import * as maplibregl from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useEffect, useRef, useState } from 'react';
import { Problem, type SimilarTile, type Tile } from './api';
import { loadBaseMap } from './baseMap';
import { CLICK_MIN_ZOOM, mapLayers, mapStyle, NOTHING } from './mapStyle';

// MapLibre 6 is ESM only: without the address of its worker a built page stays blank.
maplibregl.setWorkerUrl(workerUrl);

const TILE_ZOOM = 11;
const CITY_ZOOM = 11;
const NARROW_PX = 640;

/** Where to go: a place, or a box around many. A new object is a new wish, even to the same place. */
export type View = { lon: number; lat: number } | { bounds: [number, number, number, number] };

interface Props {
  isDark: boolean;
  selected: Tile | null;
  kin: SimilarTile[];
  view: View | null;
  onPick: (tileId: number) => void;
  onKin: (tile: SimilarTile) => void;
  onCentre: (lon: number, lat: number) => void;
  onProblem: (problem: Problem) => void;
}

export function TileMap(props: Props) {
  const { isDark, selected, kin, view } = props;
  const container = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [map, setMap] = useState<maplibregl.Map | null>(null);

  useEffect(() => {
    const made = makeMap(container.current!, latest);
    made?.once('style.load', () => setMap(made));
    return () => {
      setMap(null);
      made?.remove();
    };
  }, []);

  useEffect(() => {
    if (!map) return;
    setData(map, 'selected', selected ? [polygon(selected)] : []);
    setData(map, 'selectedPoint', selected ? [point(selected)] : []);
  }, [map, selected]);

  useEffect(() => {
    if (!map) return;
    setData(map, 'kin', kin.map(polygon));
    setData(map, 'kinPoints', kin.map(point));
  }, [map, kin]);

  useEffect(() => {
    if (map && view) go(map, view);
  }, [map, view]);

  useEffect(() => {
    if (map) repaint(map, isDark);
  }, [map, isDark]);

  const pickCentre = () => {
    const centre = map?.getCenter().wrap();
    if (centre) latest.current.onCentre(centre.lng, centre.lat);
  };

  return (
    <section className="map" aria-label="Map of all tiles">
      <div ref={container} className="map-canvas" data-state="loading" />
      <div className="crosshair" aria-hidden="true" />
      <button type="button" className="pick-centre" onClick={pickCentre} disabled={!map}>
        Choose the tile in the middle of the map
      </button>
    </section>
  );
}

function makeMap(container: HTMLDivElement, latest: { current: Props }): maplibregl.Map | null {
  let map: maplibregl.Map;
  try {
    map = new maplibregl.Map({
      container,
      style: mapStyle(latest.current.isDark),
      hash: 'map',
      center: [15, 25],
      zoom: 1.3,
      maxZoom: 17,
      renderWorldCopies: true,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
    });
  } catch {
    latest.current.onProblem(new Problem('No map', 'This browser offers no WebGL2, which the map needs.', 0));
    return null;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new maplibregl.ScaleControl({ unit: 'metric' }), 'bottom-left');
  map.addControl(new maplibregl.AttributionControl({ compact: true }), 'bottom-right');
  if (container.clientWidth < NARROW_PX) {
    // On a phone the attribution would hide the map: it starts folded behind its (i).
    map.once('idle', () => container.querySelector('.maplibregl-ctrl-attrib')?.classList.remove('maplibregl-compact-show'));
  }
  map.on('render', () => (container.dataset.state = 'busy'));
  map.on('idle', () => (container.dataset.state = 'idle'));
  map.on('error', ({ error }) => latest.current.onProblem(mapProblem(error)));
  map.once('style.load', () => void drawBaseMap(map, latest));
  map.on('click', (event) => click(map, event.point, latest.current));
  hover(map);
  return map;
}

function mapProblem(error: { message: string; status?: number }): Problem {
  return new Problem('A part of the map could not be loaded', error.message, error.status ?? 0);
}

async function drawBaseMap(map: maplibregl.Map, latest: { current: Props }): Promise<void> {
  try {
    const { land, borders } = await loadBaseMap();
    source(map, 'land')?.setData(land);
    source(map, 'borders')?.setData(borders);
  } catch (error) {
    latest.current.onProblem(mapProblem(error as Error));
  }
}

/** A look-alike's mark is gone to, a tile is chosen, a city is gone to: in that order. */
function click(map: maplibregl.Map, at: maplibregl.Point, { kin, onKin, onPick }: Props): void {
  const [mark] = map.queryRenderedFeatures(at, { layers: ['kin-points'] });
  const marked = mark && kin.find((tile) => tile.tile_id === mark.properties.tile_id);
  if (marked) return onKin(marked);
  const [tile] = map.getZoom() >= CLICK_MIN_ZOOM ? map.queryRenderedFeatures(at, { layers: ['grid'] }) : [];
  if (tile) return onPick(Number(tile.properties.tile_id));
  const [city] = map.queryRenderedFeatures(at, { layers: ['cities', 'city-labels'] });
  if (city?.geometry.type === 'Point') {
    map.flyTo({ center: city.geometry.coordinates as [number, number], zoom: CITY_ZOOM });
  }
}

function hover(map: maplibregl.Map): void {
  let over: number | undefined;
  const light = (tileId: number | undefined) => {
    if (tileId === over) return;
    const target = { source: 'terrakin', sourceLayer: 'grid' };
    if (over !== undefined) map.setFeatureState({ ...target, id: over }, { hover: false });
    if (tileId !== undefined) map.setFeatureState({ ...target, id: tileId }, { hover: true });
    over = tileId;
  };
  map.on('mousemove', ({ point: at }) => {
    const layers = ['kin-points', 'grid', 'cities', 'city-labels'].filter((id) => map.getLayer(id));
    const features = map.queryRenderedFeatures(at, { layers });
    const tile = map.getZoom() >= CLICK_MIN_ZOOM ? features.find((f) => f.layer.id === 'grid') : undefined;
    map.getCanvas().style.cursor = tile || features.some((f) => f.layer.id !== 'grid') ? 'pointer' : '';
    light(tile && Number(tile.properties.tile_id));
  });
  map.on('mouseout', () => light(undefined));
}

function go(map: maplibregl.Map, view: View): void {
  if ('bounds' in view) map.fitBounds(view.bounds, { padding: 50, maxZoom: TILE_ZOOM });
  else map.flyTo({ center: [view.lon, view.lat], zoom: Math.max(map.getZoom(), TILE_ZOOM), speed: 2.4 });
}

/** Colours alone change between light and dark, so the sources keep their data. */
function repaint(map: maplibregl.Map, isDark: boolean): void {
  for (const layer of mapLayers(isDark)) {
    for (const [name, value] of Object.entries(layer.paint ?? {})) {
      map.setPaintProperty(layer.id, name as never, value as never);
    }
  }
}

function source(map: maplibregl.Map, id: string): maplibregl.GeoJSONSource | undefined {
  return map.getSource<maplibregl.GeoJSONSource>(id);
}

function setData(map: maplibregl.Map, id: string, features: Feature[]): void {
  const data: FeatureCollection = features.length ? { type: 'FeatureCollection', features } : NOTHING;
  source(map, id)?.setData(data);
}

const polygon = (tile: Tile | SimilarTile): Feature<Polygon> => ({
  type: 'Feature',
  geometry: tile.footprint,
  properties: { tile_id: tile.tile_id },
});

const point = (tile: Tile | SimilarTile): Feature<Point> => ({
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [tile.lon, tile.lat] },
  properties: { tile_id: tile.tile_id, rank: 'rank' in tile ? tile.rank : 0 },
});
