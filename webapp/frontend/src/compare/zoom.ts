// The part of both pictures that the comparison shows, so that the same part of each is seen.

export interface Zoom {
  /** How many times larger than the whole picture. */
  scale: number;
  /** Where the visible part begins, in shares of the picture. */
  left: number;
  top: number;
}

export const WHOLE: Zoom = { scale: 1, left: 0, top: 0 };
const MAX_SCALE = 6;

/** Return the zoom by a factor that keeps in place what is at x, y, in shares of the visible part. */
export function zoomedAt({ scale, left, top }: Zoom, factor: number, x = 0.5, y = 0.5): Zoom {
  const next = Math.max(1, Math.min(MAX_SCALE, scale * factor));
  return kept({ scale: next, left: left + x / scale - x / next, top: top + y / scale - y / next });
}

/** Return the zoom after the pictures have been moved by shares of the visible part. */
export const pannedBy = ({ scale, left, top }: Zoom, right: number, down: number): Zoom => kept({ scale, left: left - right / scale, top: top - down / scale });

/** Return the zoom with nothing visible outside the picture. */
function kept({ scale, left, top }: Zoom): Zoom {
  const most = 1 - 1 / scale;
  return { scale, left: Math.max(0, Math.min(most, left)), top: Math.max(0, Math.min(most, top)) };
}

export const transformOf = ({ scale, left, top }: Zoom): string => `scale(${scale}) translate(${-left * 100}%, ${-top * 100}%)`;
