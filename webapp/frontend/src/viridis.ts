// Eleven stops of matplotlib's viridis (CC0): even steps to the eye, told apart without colour vision.

const VIRIDIS = [
  '#440154', '#482475', '#414487', '#355f8d', '#2a788e', '#21918c',
  '#22a884', '#44bf70', '#7ad151', '#bddf26', '#fde725',
]; // prettier-ignore

/** value, colour, value, colour, …: an interpolation of MapLibre. */
export const viridisStops = (from: number, to: number): (number | string)[] =>
  VIRIDIS.flatMap((colour, i) => [from + ((to - from) * i) / (VIRIDIS.length - 1), colour]);

export const viridisGradient = `linear-gradient(to right, ${VIRIDIS.join(', ')})`;
