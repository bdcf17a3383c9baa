// The layers of what the page marks: matches, what is chosen, and what the pointer is on.

import type { LayerSpecification } from 'maplibre-gl';
import { CLICK_MIN_ZOOM, FONT, growing, LABEL_MAX_ZOOM, MARK_MAX_ZOOM, overPictures, type StateSource } from './drawing';
import type { Palette } from './palette';

export function markLayers(p: Palette): LayerSpecification[] {
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

export function pointLayers(p: Palette): LayerSpecification[] {
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
