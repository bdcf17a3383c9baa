/** Return how many similarities lie in each of n bins of equal width from 0 to 1; those below 0 are in the first. */
export function binsOf(similarities: number[], n: number): number[] {
  const bins = new Array<number>(n).fill(0);
  for (const similarity of similarities) bins[Math.max(0, Math.min(n - 1, Math.floor(similarity * n)))]!++;
  return bins;
}
