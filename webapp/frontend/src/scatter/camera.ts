// What the plot shows of the layout: the whole of it, until the user moves the view.

import type createScatterplot from 'regl-scatterplot';
import type { createRenderer } from 'regl-scatterplot';
import type { Layout } from './layout';

export type Library = ReturnType<typeof createScatterplot>;
export type Renderer = ReturnType<typeof createRenderer>;

/** What is used of dom-2d-camera, which regl-scatterplot exposes without types. */
export interface Camera {
  view: Float32Array;
  config: (options: { isRotate: boolean }) => void;
  lookAt: (target: [number, number], distance: number) => void;
  pan: (by: [number, number]) => void;
  scale: (factors: [number, number], centre: [number, number]) => void;
}

/** Where the layout's origin is, and how long its unit is, in CSS pixels of the canvas. */
export interface Frame {
  left: number;
  top: number;
  scale: number;
}

const MARGIN = 1.08;

export function frameOf({ clientWidth, clientHeight }: HTMLCanvasElement, { view }: Camera): Frame {
  const [scale, x, y] = [view[5]!, view[12]!, view[13]!].map((value) => (value * clientHeight) / 2) as [number, number, number];
  return { left: clientWidth / 2 + x, top: clientHeight / 2 - y, scale };
}

/** Show the whole layout, also after the canvas has been resized, until the user moves the view. */
export function keepFitted(canvas: HTMLCanvasElement, layout: Layout, plot: Library, camera: Camera, renderer: Renderer) {
  // At distance 1 the camera sees -1..1 of the canvas's height, and a proportional part of its width.
  const [halfX, halfY] = [layout.x, layout.y].map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const distance = () => Math.max(halfY!, (halfX! * canvas.clientHeight) / canvas.clientWidth) * MARGIN;
  let view: number[] = [];
  const showAll = () => {
    camera.lookAt([0, 0], distance());
    view = [...camera.view];
    plot.redraw();
  };
  showAll();
  const observer = new ResizeObserver(() => {
    if (canvas.clientWidth === 0 || canvas.clientHeight === 0) return; // a hidden canvas has no view
    renderer.resize(canvas.clientWidth, canvas.clientHeight);
    if (view.every((value, i) => value === camera.view[i])) showAll();
  });
  observer.observe(canvas);
  return { distance, showAll, stop: () => observer.disconnect() };
}
