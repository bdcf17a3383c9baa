// The page opens on a place of the server's choice if its address neither asks a question nor shows the map elsewhere.

import type { LonLat } from '../geo/coordinates';
import { isQuestionless, type PageState } from './page';

/** Degrees of longitude that the map shows at zoom 0 in a window of ordinary width. */
const DEGREES_AT_ZOOM_0 = 360;

/** Whether a place is in view at the map position of an address, #map=zoom/lat/lon; true if there is no position. */
export function isInView(hash: string, place: LonLat): boolean {
  const position = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)/.exec(hash);
  if (!position) return true;
  const [zoom, lat, lon] = position.slice(1).map(Number) as [number, number, number];
  const reach = DEGREES_AT_ZOOM_0 / 2 ** zoom / 2;
  return Math.abs(lat - place.lat) <= reach && Math.abs(lon - place.lon) <= reach;
}

/** Return the state that the address contains: an address without a question opens on the place that the page opened on. */
export const opened = (page: PageState, startId: number | null): PageState =>
  startId !== null && isQuestionless(page) ? { ...page, tileId: startId } : page;

/** Return what the address has to contain of a state: not the tile that the page opened on, while that is all there is. */
export function addressed(page: PageState, startId: number | null): PageState {
  const unnamed = { ...page, tileId: null };
  const isOpening = page.tileId === startId && isQuestionless(unnamed) && page.compareId === null && page.shownId === null;
  return isOpening ? unnamed : page;
}
