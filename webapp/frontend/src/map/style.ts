// The map's style: sources and layers, in a light and a dark palette. Text is drawn with the browser's font, without a glyph server.

import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import overviewUrl from './generated/overview.json?url';
import { CLICK_MIN_ZOOM, NOTHING, overPictures, PICTURES_MIN_ZOOM, STATE_SOURCES, whenState, type StateSource } from './drawing';
import { markLayers, pointLayers } from './markLayers';
import { palette, type Palette } from './palette';

function sources(tilesUrl: string, picturesUrl: string): Record<string, SourceSpecification> {
  const natural = 'Made with <a href="https://www.naturalearthdata.com/">Natural Earth</a>';
  return {
    // At a scale of 1:50 million the shapes need no tiles beyond zoom 8, and no detail below a pixel.
    base: { type: 'geojson', data: overviewUrl, attribution: natural, maxzoom: 8, tolerance: 1, buffer: 16 },
    terrakin: { type: 'vector', url: `${tilesUrl}/grid` },
    pictures: { type: 'raster', tiles: [picturesUrl], tileSize: 512, minzoom: PICTURES_MIN_ZOOM, maxzoom: 13 },
    ...Object.fromEntries(STATE_SOURCES.map((id) => [id, { type: 'geojson', data: NOTHING } satisfies SourceSpecification])),
  };
}

function gridLayers(p: Palette): LayerSpecification[] {
  return [
    { id: 'sea', type: 'background', paint: { 'background-color': p.sea } },
    { id: 'land', type: 'fill', source: 'base', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': p.land } },
    { id: 'pictures', type: 'raster', source: 'pictures', minzoom: PICTURES_MIN_ZOOM, paint: { 'raster-fade-duration': 0 } },
    {
      id: 'borders',
      type: 'line',
      source: 'base',
      filter: ['==', ['geometry-type'], 'LineString'],
      layout: { 'line-join': 'round' },
      paint: { 'line-color': p.border, 'line-width': 0.8 },
    },
    {
      id: 'grid',
      type: 'fill',
      source: 'terrakin',
      'source-layer': 'grid',
      paint: { 'fill-color': p.tile, 'fill-opacity': overPictures(whenState('hover', 0.55, 0.22), whenState('hover', 0.3, 0.04)) },
    },
    {
      id: 'grid-line',
      type: 'line',
      source: 'terrakin',
      'source-layer': 'grid',
      minzoom: 9,
      layout: { 'line-join': 'round' },
      paint: { 'line-color': p.tileLine, 'line-width': 0.8, 'line-opacity': 0.7 },
    },
    {
      id: 'lasso',
      type: 'fill',
      source: 'terrakin',
      'source-layer': 'grid',
      paint: { 'fill-color': p.lasso, 'fill-opacity': whenState('lasso', 0.6, 0) },
    },
  ];
}

function cityLayers(p: Palette): LayerSpecification[] {
  return [
    {
      id: 'cities',
      type: 'circle',
      source: 'terrakin',
      'source-layer': 'cities',
      maxzoom: CLICK_MIN_ZOOM,
      paint: {
        'circle-color': p.tile,
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'n_tiles']], 1, 3, 40, 12],
        'circle-stroke-color': p.halo,
        'circle-stroke-width': 1,
      },
    },
  ];
}

export function mapLayers(isDark: boolean): LayerSpecification[] {
  const p = palette(isDark);
  return [...gridLayers(p), ...cityLayers(p), ...markLayers(p), ...pointLayers(p)];
}

/** The ids of the layers that draw each state source. */
export const LAYERS_OF = Object.fromEntries(STATE_SOURCES.map((id) => [id, [] as string[]])) as Record<StateSource, string[]>;
for (const layer of mapLayers(false)) if ('source' in layer && layer.source in LAYERS_OF) LAYERS_OF[layer.source as StateSource].push(layer.id);

const hidden = (layer: LayerSpecification) => ({ ...layer, layout: { ...layer.layout, visibility: 'none' } }) as LayerSpecification;

export function mapStyle(isDark: boolean, tilesUrl: string, picturesUrl: string): StyleSpecification {
  const empty = new Set(Object.values(LAYERS_OF).flat());
  const layers = mapLayers(isDark).map((layer) => (empty.has(layer.id) ? hidden(layer) : layer));
  return { version: 8, sources: sources(tilesUrl, picturesUrl), layers };
}
