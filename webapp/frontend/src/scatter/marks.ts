// What is drawn on top of the points: rings around the chosen tile, its matches and the tile under the cursor.

import type { Plot } from './plot';

export interface Marks {
  selected: number;
  matches: number[];
  hovered: number;
}

const MATCH_PX = 5.5;
const SELECTED_PX = 8;
const HOVERED_PX = 7;

/** Draw the marks in the current colours of the page's CSS variables. */
export function drawMarks(canvas: HTMLCanvasElement, plot: Plot, { selected, matches, hovered }: Marks): void {
  const ratio = window.devicePixelRatio;
  const { clientWidth, clientHeight } = canvas;
  canvas.width = Math.round(clientWidth * ratio);
  canvas.height = Math.round(clientHeight * ratio);
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const ring = (index: number, radius: number, strokes: [string, number][], fill?: string) => {
    const [x, y] = plot.position(index);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    for (const [stroke, width] of strokes) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.stroke();
    }
  };
  // The best is drawn last, on top.
  for (const index of [...matches].reverse()) ring(index, MATCH_PX, [[colour('--text'), 1.5]], colour('--matches'));
  if (selected >= 0) ring(selected, SELECTED_PX, [[colour('--page'), 6], [colour('--chosen'), 3.5]]);
  if (hovered >= 0) ring(hovered, HOVERED_PX, [[colour('--page'), 4], [colour('--text'), 2]]);
}
