// What a similarity means: how it compares with those of all pairs of tiles or blocks.

export interface Band {
  name: string;
  /** The percentage of pairs that a match of this band is more alike than, at least. */
  least: number;
}

const MOST = 50;
const BANDS: Band[] = [
  { name: 'Strong', least: 99 },
  { name: 'Fair', least: 90 },
  { name: 'Weak', least: MOST },
  { name: 'Less alike than most', least: 0 },
];

/** Return the share of pairs, 0 to 1, that are less similar. `percentiles`: the similarity that 0, 1, ..., 100 % of pairs are below. */
export function shareBelow(similarity: number, percentiles: number[]): number {
  const above = percentiles.findIndex((value) => value > similarity);
  if (above === -1) return 1;
  if (above === 0) return 0;
  const [low, high] = [percentiles[above - 1]!, percentiles[above]!];
  return (above - 1 + (similarity - low) / (high - low)) / (percentiles.length - 1);
}

/** Return the band of a similarity; null without percentiles. */
export function bandOf(similarity: number, percentiles: number[]): Band | null {
  if (percentiles.length === 0) return null;
  const share = shareBelow(similarity, percentiles);
  return BANDS.find(({ least }) => share >= least / 100)!;
}

/** Return the words that stand above the first match of a band. */
export const bandText = ({ name, least }: Band, unit: string): string =>
  least === 0 ? `${name} pairs of ${unit}s` : `${name}: more alike than ${least} % of pairs`;
