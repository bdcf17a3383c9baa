// What the layers of the map share: zooms, the sources that are drawn from the page's state, and expressions.

import type { FeatureCollection } from 'geojson';
import type { DataDrivenPropertyValueSpecification } from 'maplibre-gl';
import type { OwnUnit } from '../geo/unit';

/** From this zoom on a footprint is large enough to click; below it a click goes to the city. */
export const CLICK_MIN_ZOOM = 8;
/** From this zoom on a click on a tile chooses it, or the block under the pointer; below it a click goes there. */
export const PICK_MIN_ZOOM: Record<OwnUnit, number> = { tile: CLICK_MIN_ZOOM, block: 10 };
/** Up to this zoom round marks represent what is chosen and each match, which would be too small to see. */
export const MARK_MAX_ZOOM: Record<OwnUnit, number> = { tile: 10, block: 12 };
/** The layers of round marks. */
export const MARK_LAYERS = ['match-points', 'selected-point', 'match-ranks'];
/** The layers of ranks beyond that zoom. */
export const CORNER_LAYERS = ['match-corners', 'corner-ranks'];
export const MAX_ZOOM = 17;
/** From this zoom on the thumbnails of all tiles are painted in the grid. */
export const PICTURES_MIN_ZOOM = 9;
/** Up to this zoom the names of cities are drawn; beyond, they would cover the pictures. */
export const LABEL_MAX_ZOOM = 11;
export const FONT = ['sans-serif'];

export const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Sources that are drawn from the page's state. */
export const STATE_SOURCES = ['lines', 'blocks', 'matches', 'matchPoints', 'matchCorners', 'selected', 'dominant', 'selectedPoint', 'hovered', 'area'] as const;
export type StateSource = (typeof STATE_SOURCES)[number];

export const growing = (thin: number, thick: number) =>
  ['interpolate', ['linear'], ['zoom'], 6, thin, 13, thick] as ['interpolate', ['linear'], ['zoom'], number, number, number, number];
export const whenState = (state: string, yes: number, no: number) =>
  ['case', ['boolean', ['feature-state', state], false], yes, no] as DataDrivenPropertyValueSpecification<number>;

/** Return an opacity that leaves the pictures visible from the zoom on that shows them. */
export const overPictures = (before: DataDrivenPropertyValueSpecification<number>, from: DataDrivenPropertyValueSpecification<number>) =>
  ['step', ['zoom'], before, PICTURES_MIN_ZOOM, from] as DataDrivenPropertyValueSpecification<number>;
