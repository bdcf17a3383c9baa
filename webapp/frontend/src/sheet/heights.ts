// The heights of the panel on a phone, where it is a sheet below the map.

export const HEIGHTS = ['peek', 'half', 'full'] as const;
export type Height = (typeof HEIGHTS)[number];

const PEEK_PX = 96;
const SHARES: Record<Exclude<Height, 'peek'>, number> = { half: 0.45, full: 0.92 };

/** Return a height in pixels of a window. */
export const pixelsOf = (height: Height, windowPx: number): number => (height === 'peek' ? PEEK_PX : SHARES[height] * windowPx);

/** Return the height that a drag of the sheet ends at. */
export const nearestTo = (px: number, windowPx: number): Height =>
  HEIGHTS.toSorted((a, b) => Math.abs(pixelsOf(a, windowPx) - px) - Math.abs(pixelsOf(b, windowPx) - px))[0]!;

/** Return what a press of the handle leads to. */
export const nextOf = (height: Height): Height => HEIGHTS[(HEIGHTS.indexOf(height) + 1) % HEIGHTS.length]!;
