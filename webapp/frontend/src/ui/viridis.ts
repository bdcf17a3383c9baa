// Eleven stops of matplotlib's viridis (CC0): perceptually uniform and safe for colour-blind readers.

type Rgb = readonly [number, number, number];

const STOPS: readonly Rgb[] = [
  [68, 1, 84], [72, 36, 117], [65, 68, 135], [53, 95, 141], [42, 120, 142], [33, 145, 140],
  [34, 168, 132], [68, 191, 112], [122, 209, 81], [189, 223, 38], [253, 231, 37],
]; // prettier-ignore

export const hex = (rgb: readonly number[]): string =>
  `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;

/** Return the colour at a share of the scale, 0 to 1, as #rrggbb. */
export function viridis(share: number): string {
  const at = share * (STOPS.length - 1);
  const i = Math.min(Math.floor(at), STOPS.length - 2);
  const [from, to] = [STOPS[i]!, STOPS[i + 1]!];
  return hex(from.map((value, channel) => value + (to[channel]! - value) * (at - i)));
}

/** Return value, colour, value, colour, … for an interpolation of MapLibre. */
export const viridisStops = (from: number, to: number): (number | string)[] =>
  STOPS.flatMap((rgb, i) => [from + ((to - from) * i) / (STOPS.length - 1), hex(rgb)]);

/** The scale as a CSS background, from left to right. */
export const VIRIDIS_GRADIENT = `linear-gradient(to right, ${STOPS.map(hex).join(', ')})`;

/** Where the colours of similarity begin, on the map and in the plot; they end at 1. Lower similarities have the first colour. */
export const SIMILARITY_FROM = 0;
