// How the map looks: sources and layers, in a light and a dark palette. No glyph server: text is drawn with the browser's font.

import type { FeatureCollection } from 'geojson';
import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl';

export const GRID_MIN_ZOOM = 6;
/** From this zoom on a footprint is large enough to be hit; below it a click means the city. */
export const CLICK_MIN_ZOOM = 8;
/** Up to this zoom a round mark stands for a chosen or found tile, which would be too small to see. */
const MARK_MAX_ZOOM = 10;

const FONT = ['sans-serif'];

interface Palette {
  sea: string;
  land: string;
  border: string;
  tile: string;
  tileLine: string;
  text: string;
  halo: string;
  kin: string;
  kinText: string;
  selected: string;
}

const LIGHT: Palette = {
  sea: '#d5e3ea',
  land: '#f7f5ef',
  border: '#b9b4a6',
  tile: '#33718a',
  tileLine: '#1f5468',
  text: '#2b3338',
  halo: '#ffffff',
  kin: '#e08a00',
  kinText: '#241500',
  selected: '#b3003c',
};

const DARK: Palette = {
  sea: '#10191e',
  land: '#263137',
  border: '#4a585f',
  tile: '#5ea8c4',
  tileLine: '#9cd3e8',
  text: '#e6ecef',
  halo: '#10191e',
  kin: '#ffb000',
  kinText: '#241500',
  selected: '#ff5c8a',
};

export const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

function sources(): Record<string, SourceSpecification> {
  return {
    land: { type: 'geojson', data: NOTHING, attribution: 'Made with <a href="https://www.naturalearthdata.com/">Natural Earth</a>' },
    borders: { type: 'geojson', data: NOTHING },
    terrakin: { type: 'vector', url: new URL('tiles/grid', document.baseURI).href },
    kin: { type: 'geojson', data: NOTHING },
    kinPoints: { type: 'geojson', data: NOTHING },
    selected: { type: 'geojson', data: NOTHING },
    selectedPoint: { type: 'geojson', data: NOTHING },
  };
}

function layers(p: Palette): LayerSpecification[] {
  const line = { 'line-join': 'round' } as const;
  const growing = (thin: number, thick: number) =>
    ['interpolate', ['linear'], ['zoom'], 6, thin, 13, thick] as ['interpolate', ['linear'], ['zoom'], number, number, number, number];
  return [
    { id: 'sea', type: 'background', paint: { 'background-color': p.sea } },
    { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': p.land } },
    { id: 'borders', type: 'line', source: 'borders', layout: line, paint: { 'line-color': p.border, 'line-width': 0.8 } },
    {
      id: 'grid',
      type: 'fill',
      source: 'terrakin',
      'source-layer': 'grid',
      paint: {
        'fill-color': p.tile,
        'fill-opacity': ['case', ['boolean', ['feature-state', 'hover'], false], 0.6, 0.3],
      },
    },
    {
      id: 'grid-line',
      type: 'line',
      source: 'terrakin',
      'source-layer': 'grid',
      minzoom: 9,
      layout: line,
      paint: { 'line-color': p.tileLine, 'line-width': 0.8, 'line-opacity': 0.7 },
    },
    { id: 'kin', type: 'fill', source: 'kin', paint: { 'fill-color': p.kin, 'fill-opacity': 0.55 } },
    { id: 'kin-line', type: 'line', source: 'kin', layout: line, paint: { 'line-color': p.kin, 'line-width': growing(1, 3) } },
    {
      id: 'selected-line',
      type: 'line',
      source: 'selected',
      layout: line,
      paint: { 'line-color': p.selected, 'line-width': growing(2, 4) },
    },
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
    {
      id: 'kin-points',
      type: 'circle',
      source: 'kinPoints',
      maxzoom: MARK_MAX_ZOOM,
      layout: { 'circle-sort-key': ['-', 0, ['get', 'rank']] },
      paint: {
        'circle-color': p.kin,
        'circle-radius': 9,
        'circle-stroke-color': p.halo,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: 'selected-point',
      type: 'circle',
      source: 'selectedPoint',
      maxzoom: MARK_MAX_ZOOM,
      paint: {
        'circle-color': 'rgba(0, 0, 0, 0)',
        'circle-radius': 9,
        'circle-stroke-color': p.selected,
        'circle-stroke-width': 3.5,
      },
    },
    {
      id: 'city-labels',
      type: 'symbol',
      source: 'terrakin',
      'source-layer': 'cities',
      layout: {
        'text-field': ['get', 'city'],
        'text-font': FONT,
        'text-size': ['interpolate', ['linear'], ['zoom'], 1, 11, 10, 15],
        'text-variable-anchor': ['top', 'bottom', 'left', 'right'],
        'text-radial-offset': 1,
        'symbol-sort-key': ['-', 0, ['get', 'n_tiles']],
      },
      paint: { 'text-color': p.text, 'text-halo-color': p.halo, 'text-halo-width': 1.5 },
    },
    {
      id: 'kin-ranks',
      type: 'symbol',
      source: 'kinPoints',
      layout: {
        'text-field': ['to-string', ['get', 'rank']],
        'text-font': FONT,
        'text-size': 11,
        'text-padding': 0,
        'symbol-sort-key': ['get', 'rank'],
      },
      paint: { 'text-color': p.kinText },
    },
  ];
}

export const mapLayers = (isDark: boolean): LayerSpecification[] => layers(isDark ? DARK : LIGHT);

export function mapStyle(isDark: boolean): StyleSpecification {
  return { version: 8, sources: sources(), layers: mapLayers(isDark) };
}
