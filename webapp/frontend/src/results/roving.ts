/** Return the index that a key leads to in a grid of n cards; null if the key moves nothing. */
export function indexAfter(key: string, index: number, n: number, columns: number): number | null {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  if (key === 'Home') return 0;
  if (key === 'End') return n - 1;
  const step = steps[key];
  if (step === undefined) return null;
  const next = index + step;
  return next < 0 || next >= n ? index : next;
}
