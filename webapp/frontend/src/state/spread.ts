/** Return at most n of the ids, evenly from first to last. */
export const spread = (ids: number[], n: number): number[] =>
  ids.length <= n ? ids : Array.from({ length: n }, (_, i) => ids[Math.floor((i * ids.length) / n)]!);
