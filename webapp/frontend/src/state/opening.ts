// The page opens on a place of the server's choice if its address neither asks a question nor shows the map elsewhere.

import type { LonLat } from '../geo/coordinates';
import { inUnit, isOwn } from '../geo/unit';
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

/** Return the state that the address contains: an address without a question opens on the tile that the page opened on. */
export const opened = (page: PageState, startId: number | null): PageState =>
  startId !== null && isOwn(page.search.unit) && isQuestionless(page) ? { ...page, chosenId: inUnit(page.search.unit, startId) } : page;

/** Return what the address has to contain of a state: not what the page opened on, while that is all there is. */
export function addressed(page: PageState, startId: number | null): PageState {
  const { unit } = page.search;
  if (startId === null || !isOwn(unit)) return page;
  const unnamed = { ...page, chosenId: null };
  const isStart = page.chosenId === inUnit(unit, startId);
  const isOpening = isStart && isQuestionless(unnamed) && page.compareId === null && page.shownId === null;
  return isOpening ? unnamed : page;
}
