import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { useScheme } from '../state/preferences';
import { useLatest } from '../ui/useLatest';
import { drawMarks, type Marks } from './marks';
import type { Plot } from './plot';

/** Draw the marks and place the tooltip. Return a function that does so again, for when the view of the plot changes. */
export function useMarks(
  overlay: RefObject<HTMLCanvasElement | null>,
  tooltip: RefObject<HTMLDivElement | null>,
  plot: Plot | null,
  marks: Marks,
): () => void {
  const { isDark } = useScheme();
  const latest = useLatest(marks);
  const frame = useRef(0);
  const paint = useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      if (!plot || !overlay.current) return;
      const { hovered } = latest.current;
      drawMarks(overlay.current, plot, latest.current);
      placeTooltip(tooltip.current, hovered < 0 ? null : plot.position(hovered), overlay.current);
    });
  }, [plot, overlay, tooltip, latest]);
  const { selected, matches, hovered } = marks;
  useEffect(() => {
    paint();
    return () => cancelAnimationFrame(frame.current);
  }, [paint, isDark, selected, matches, hovered]);
  return paint;
}

/** Place the tooltip beside the point, on the side that has more room. */
function placeTooltip(tooltip: HTMLElement | null, at: [number, number] | null, plot: HTMLElement): void {
  if (!tooltip) return;
  tooltip.hidden = at === null;
  if (!at) return;
  const [x, y] = at;
  const isRight = x > plot.clientWidth / 2;
  const isLow = y > plot.clientHeight / 2;
  tooltip.style.transform = `translate(${x}px, ${y}px) translate(${isRight ? '-100%' : '0'}, ${isLow ? '-100%' : '0'}) translate(${isRight ? -12 : 12}px, ${isLow ? -12 : 12}px)`;
}
