import { cityOf, getLayout, indicesOf } from './layout';

/** Return the cities of tiles that have a place in the layout. The layout comes from the browser's cache: the plot has loaded it. */
export async function cityIdsOf(tileIds: number[]): Promise<number[]> {
  const layout = await getLayout();
  return [...new Set(indicesOf(layout, tileIds).map((index) => cityOf(layout, index)?.city_id))].filter((id) => id !== undefined);
}
