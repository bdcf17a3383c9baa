import { cityOf, getLayout, indicesOf } from './scatter/layout';

/** The cities of tiles that have a place in the layout. The plot has loaded the layout: it comes from the browser's cache. */
export async function cityIdsOf(tileIds: number[]): Promise<number[]> {
  const layout = await getLayout(new AbortController().signal);
  return [...new Set(indicesOf(layout, tileIds).map((index) => cityOf(layout, index)?.city_id))].filter((id) => id !== undefined);
}
