// The map's style: sources and layers, in a light and a dark palette. Text is drawn with the browser's font, without a glyph server.

import type { FeatureCollection } from 'geojson';
import type { DataDrivenPropertyValueSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import overviewUrl from './generated/overview.json?url';
import type { Unit } from '../geo/unit';
import { palette, type Palette } from './palette';

/** From this zoom on a footprint is large enough to click; below it a click goes to the city. */
export const CLICK_MIN_ZOOM = 8;
/** From this zoom on a click on a tile chooses it, or the block under the pointer; below it a click goes there. */
export const PICK_MIN_ZOOM: Record<Unit, number> = { tile: CLICK_MIN_ZOOM, block: 10 };
/** Up to this zoom round marks represent what is chosen and each match, which would be too small to see. */
export const MARK_MAX_ZOOM: Record<Unit, number> = { tile: 10, block: 12 };
/** The layers of round marks. */
export const MARK_LAYERS = ['match-points', 'selected-point', 'match-ranks'];
/** The layers of ranks beyond that zoom. */
export const CORNER_LAYERS = ['match-corners', 'corner-ranks'];
export const MAX_ZOOM = 17;
/** From this zoom on the thumbnails of all tiles are painted in the grid. */
const PICTURES_MIN_ZOOM = 9;
/** Up to this zoom the names of cities are drawn; beyond, they would cover the pictures. */
const LABEL_MAX_ZOOM = 11;
const FONT = ['sans-serif'];

export const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Sources that are drawn from the page's state. */
const STATE_SOURCES = ['lines', 'blocks', 'matches', 'matchPoints', 'matchCorners', 'selected', 'dominant', 'selectedPoint', 'hovered', 'area'] as const;
export type StateSource = (typeof STATE_SOURCES)[number];

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

const growing = (thin: number, thick: number) =>
  ['interpolate', ['linear'], ['zoom'], 6, thin, 13, thick] as ['interpolate', ['linear'], ['zoom'], number, number, number, number];
const whenState = (state: string, yes: number, no: number) =>
  ['case', ['boolean', ['feature-state', state], false], yes, no] as DataDrivenPropertyValueSpecification<number>;

/** Return an opacity that leaves the pictures visible from the zoom on that shows them. */
const overPictures = (before: DataDrivenPropertyValueSpecification<number>, from: DataDrivenPropertyValueSpecification<number>) =>
  ['step', ['zoom'], before, PICTURES_MIN_ZOOM, from] as DataDrivenPropertyValueSpecification<number>;

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

function markLayers(p: Palette): LayerSpecification[] {
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  return [
    {
      id: 'lines',
      type: 'line',
      source: 'lines',
      maxzoom: CLICK_MIN_ZOOM + 1,
      layout: round,
      paint: { 'line-color': p.matches, 'line-width': 1.8, 'line-opacity': 0.8 },
    },
    {
      id: 'block-lines',
      type: 'line',
      source: 'blocks',
      minzoom: 11,
      layout: round,
      paint: { 'line-color': p.tileLine, 'line-width': 0.6, 'line-opacity': 0.7 },
    },
    { id: 'area-fill', type: 'fill', source: 'area', paint: { 'fill-color': p.area, 'fill-opacity': 0.12 } },
    { id: 'area-line', type: 'line', source: 'area', layout: round, paint: { 'line-color': p.area, 'line-width': 2, 'line-dasharray': [2, 1.5] } },
    {
      id: 'hovered-fill',
      type: 'fill',
      source: 'hovered',
      filter: ['==', ['geometry-type'], 'Polygon'],
      minzoom: 10,
      paint: { 'fill-color': p.tile, 'fill-opacity': 0.55, 'fill-outline-color': p.text },
    },
    { id: 'matches', type: 'fill', source: 'matches', paint: { 'fill-color': p.matches, 'fill-opacity': overPictures(0.45, 0.1) } },
    { id: 'match-line', type: 'line', source: 'matches', layout: round, paint: { 'line-color': p.matches, 'line-width': growing(1, 3) } },
    { id: 'dominant', type: 'fill', source: 'dominant', minzoom: 9, paint: { 'fill-color': p.selected, 'fill-opacity': overPictures(0.28, 0) } },
    {
      id: 'dominant-line',
      type: 'line',
      source: 'dominant',
      minzoom: 10,
      layout: round,
      paint: { 'line-color': p.selected, 'line-width': 1, 'line-opacity': 0.8 },
    },
    { id: 'selected-line', type: 'line', source: 'selected', layout: round, paint: { 'line-color': p.selected, 'line-width': growing(2, 4) } },
  ];
}

function pointLayers(p: Palette): LayerSpecification[] {
  return [
    {
      id: 'match-points',
      type: 'circle',
      source: 'matchPoints',
      maxzoom: MARK_MAX_ZOOM.tile,
      layout: { 'circle-sort-key': ['-', 0, ['get', 'rank']] },
      paint: {
        'circle-color': p.matches,
        'circle-opacity': 1,
        'circle-radius': 9,
        'circle-stroke-color': p.halo,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: 'selected-point',
      type: 'circle',
      source: 'selectedPoint',
      maxzoom: MARK_MAX_ZOOM.tile,
      paint: {
        'circle-color': 'rgba(0, 0, 0, 0)',
        'circle-radius': 9,
        'circle-stroke-color': p.selected,
        'circle-stroke-width': 3.5,
      },
    },
    {
      id: 'hovered',
      type: 'circle',
      maxzoom: MARK_MAX_ZOOM.block,
      source: 'hovered',
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-color': 'rgba(0, 0, 0, 0)',
        'circle-radius': 13,
        'circle-stroke-color': p.text,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'lasso-cities',
      type: 'circle',
      source: 'terrakin',
      'source-layer': 'cities',
      maxzoom: CLICK_MIN_ZOOM,
      filter: ['in', ['get', 'city_id'], ['literal', []]],
      paint: {
        'circle-color': p.lasso,
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'n_tiles']], 1, 4, 40, 13],
        'circle-stroke-color': p.halo,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: 'city-labels',
      type: 'symbol',
      maxzoom: LABEL_MAX_ZOOM,
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
      id: 'match-corners',
      type: 'circle',
      source: 'matchCorners',
      minzoom: MARK_MAX_ZOOM.tile,
      paint: { 'circle-color': p.matches, 'circle-radius': 10, 'circle-stroke-color': p.halo, 'circle-stroke-width': 1.5 },
    },
    ranks('corner-ranks', 'matchCorners', p, { minzoom: MARK_MAX_ZOOM.tile }),
    ranks('match-ranks', 'matchPoints', p, { maxzoom: MARK_MAX_ZOOM.tile }),
  ];
}

const ranks = (id: string, source: StateSource, p: Palette, zooms: { minzoom?: number; maxzoom?: number }): LayerSpecification => ({
  id,
  type: 'symbol',
  source,
  ...zooms,
  layout: {
    'text-field': ['to-string', ['get', 'rank']],
    'text-font': FONT,
    'text-size': 11,
    'text-padding': 0,
    'symbol-sort-key': ['get', 'rank'],
  },
  paint: { 'text-color': p.matchText },
});

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
