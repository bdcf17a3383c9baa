// What the lasso selects. The layout comes from the browser's cache if the plot has loaded it.

import { indicesIn, type Lasso } from './lasso';
import { changed, cityOf, getLayout, indicesOf } from './layout';

/** Return the tiles inside the outline. */
export async function tilesIn(lasso: Lasso, signal: AbortSignal): Promise<number[]> {
  const layout = await getLayout(signal);
  if (layout.version !== lasso.version) throw changed();
  return indicesIn(layout, lasso).map((index) => layout.tileIds[index]!);
}

/** Return the cities of tiles that have a place in the layout. */
export async function cityIdsOf(tileIds: number[]): Promise<number[]> {
  const layout = await getLayout();
  return [...new Set(indicesOf(layout, tileIds).map((index) => cityOf(layout, index)?.city_id))].filter((id) => id !== undefined);
}
