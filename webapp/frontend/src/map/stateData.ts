// Hands the page's state to the map's sources and filters.

import type { Feature } from 'geojson';
import type { GeoJSONSource, Map } from 'maplibre-gl';
import type { Match, Tile } from '../api/types';
import { placeIn, type Place } from '../geo/blocks';
import { blockId, isOwn, type Unit } from '../geo/unit';
import type { Chosen } from '../state/chosen';
import { corner, line, point, polygon } from './features';
import { CORNER_LAYERS, MARK_LAYERS, MARK_MAX_ZOOM, MAX_ZOOM, NOTHING, type StateSource } from './drawing';
import { LAYERS_OF } from './style';

const GRID = { source: 'terrakin', sourceLayer: 'grid' };

/** Layers of an empty source are hidden, so that MapLibre does not ask its worker for the source's tiles. */
export function setData(map: Map, id: StateSource, features: Feature[]): void {
  const isEmpty = features.length === 0;
  const layers = LAYERS_OF[id].filter((layer) => (map.getLayoutProperty(layer, 'visibility') === 'none') !== isEmpty);
  if (isEmpty && layers.length === 0) return;
  void map.getSource<GeoJSONSource>(id)?.setData(isEmpty ? NOTHING : { type: 'FeatureCollection', features });
  for (const layer of layers) map.setLayoutProperty(layer, 'visibility', isEmpty ? 'none' : 'visible');
}

export function setSelected(map: Map, selected: Chosen | null): void {
  setData(map, 'selected', selected ? [polygon(selected)] : []);
  setData(map, 'selectedPoint', selected ? [point(selected)] : []);
  const dominant = selected?.unit === 'tile' ? (selected.tile?.dominant_area ?? null) : null;
  setData(map, 'dominant', dominant ? [{ type: 'Feature', geometry: dominant, properties: {} }] : []);
}

export function setMatches(map: Map, matches: Match[]): void {
  setData(map, 'matches', matches.map(polygon));
  setData(map, 'matchPoints', matches.map(point));
  setData(map, 'matchCorners', matches.map(corner));
}

/** Draw the line to the match that is hovered. */
export const setLine = (map: Map, selected: Place | null, match: Match | undefined): void =>
  setData(map, 'lines', selected && match && match.id !== selected.id ? [line(selected, match)] : []);

/** Ring the centre of what is hovered, and fill a block or item; tiles are filled by their feature state. */
export function setHovered(map: Map, unit: Unit, hovered: Place | null): void {
  const ring = hovered ? [point(hovered)] : [];
  setData(map, 'hovered', hovered && unit !== 'tile' ? [polygon(hovered), ...ring] : ring);
}

/** Draw the blocks of tiles. */
export const setBlocks = (map: Map, tiles: Tile[]): void =>
  setData(map, 'blocks', tiles.flatMap((tile) => tile.block_numbers.map((number) => polygon(placeIn(tile.footprint, 'block', blockId(tile.tile_id, number)))))); // prettier-ignore

/** Show round marks up to the zoom where places of the unit are large enough to see; beyond it their ranks are in a corner. */
export function setUnit(map: Map, unit: Unit): void {
  // An item may be a point.
  const zoom = isOwn(unit) ? MARK_MAX_ZOOM[unit] : MAX_ZOOM;
  for (const layer of MARK_LAYERS) map.setLayerZoomRange(layer, 0, zoom);
  for (const layer of CORNER_LAYERS) map.setLayerZoomRange(layer, zoom, MAX_ZOOM);
}

/** Set a feature state of tiles in the grid. Return a function that removes it. */
export function markTiles(map: Map, state: 'hover' | 'lasso', tileIds: number[]): () => void {
  for (const id of tileIds) map.setFeatureState({ ...GRID, id }, { [state]: true });
  return () => {
    // The map may be removed before its marks.
    if (map.getStyle()) for (const id of tileIds) map.setFeatureState({ ...GRID, id }, { [state]: false });
  };
}

export function markCities(map: Map, cityIds: number[]): void {
  map.setFilter('lasso-cities', ['in', ['get', 'city_id'], ['literal', cityIds]]);
}
