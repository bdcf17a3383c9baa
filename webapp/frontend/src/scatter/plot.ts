// The points on their canvas, drawn by regl-scatterplot, with touch support, which that library lacks.

import createScatterplot, { createRenderer } from 'regl-scatterplot';
import { frameOf, keepFitted, type Camera, type Frame, type Library, type Renderer } from './camera';
import type { Colouring } from './colours';
import { latestOnly } from './latestOnly';
import type { Layout } from './layout';
import { mouseFromTouch } from './touch';

export interface PlotEvents {
  onHover: (index: number | null) => void;
  onPick: (index: number) => void;
  /** The corners of the outline, in units of the layout. An empty list: the selection was cleared. */
  onLasso: (outline: number[][]) => void;
  /** The view changed: marks on top must be drawn again. */
  onDraw: () => void;
  onLost: () => void;
}

export interface Plot {
  colour: (colouring: Colouring) => Promise<void>;
  select: (indices: number[]) => void;
  setLasso: (isOn: boolean) => void;
  zoomTo: (indices: number[]) => void;
  reset: () => void;
  /** Shares of the visible width and height. */
  pan: (right: number, up: number) => void;
  zoom: (factor: number) => void;
  /** CSS pixels from the canvas's upper left corner. */
  position: (index: number) => [number, number];
  frame: () => Frame;
  /** Return the point nearest to the middle of the canvas; -1 if no point is in view. */
  nearestToCentre: () => number;
  destroy: () => void;
}

const MOVE_MS = 400;
const MANY_POINTS = 5000;
const ZOOM_PADDING = 0.4;

export const hasWebGl = () => document.createElement('canvas').getContext('webgl') !== null;


export function createPlot(canvas: HTMLCanvasElement, layout: Layout, events: PlotEvents): Plot {
  // The library's own renderer is as large as the window, which is slow in software.
  const renderer = createRenderer({ canvas: document.createElement('canvas') });
  renderer.resize(canvas.clientWidth, canvas.clientHeight);
  const plot = createScatterplot(optionsOf(canvas, renderer, layout.tileIds.length));
  const camera = plot.get('camera') as Camera;
  camera.config({ isRotate: false });
  const selection = reportEvents(plot, events);
  canvas.addEventListener('webglcontextlost', events.onLost);
  const stopTouch = mouseFromTouch(canvas);
  const fitted = keepFitted(canvas, layout, plot, camera, renderer);
  return {
    // The library cannot draw while it is drawing.
    colour: latestOnly(painter(plot, layout, selection)),
    select: selection.set,
    setLasso: (isOn) => void plot.set({ mouseMode: isOn ? 'lasso' : 'panZoom' }),
    zoomTo: (indices) => void plot.zoomToPoints(indices, { padding: ZOOM_PADDING, ...transition() }),
    reset: () => void plot.zoomToLocation([0, 0], fitted.distance(), transition()).then(fitted.showAll),
    pan(right, up) {
      camera.pan([-2 * right, -2 * up]);
      plot.redraw();
    },
    zoom(factor) {
      camera.scale([factor, factor], [0, 0]);
      plot.redraw();
    },
    position: (index) => plot.getScreenPosition(index) ?? [-1e4, -1e4],
    frame: () => frameOf(canvas, camera),
    nearestToCentre: () => nearestToCentre(canvas, plot),
    destroy() {
      stopTouch();
      fitted.stop();
      canvas.removeEventListener('webglcontextlost', events.onLost);
      plot.destroy();
      renderer.destroy();
    },
  };
}

function optionsOf(canvas: HTMLCanvasElement, renderer: Renderer, n: number): Parameters<typeof createScatterplot>[0] {
  return {
    renderer,
    canvas,
    syncEvents: true,
    colorBy: 'valueA',
    pointSize: Math.max(2.5, Math.min(9, 420 / Math.sqrt(n))),
    pointSizeSelected: 1,
    pointOutlineWidth: 0,
    opacity: 0.85,
    ...(n > MANY_POINTS && { opacityBy: 'density' as never, opacityByDensityFill: 0.3 }),
    opacityInactiveScale: 0.25,
    deselectOnEscape: false,
    actionKeyMap: { lasso: 'shift' },
    lassoColor: [0.5, 0.5, 0.5, 1],
  } as Parameters<typeof createScatterplot>[0];
}

const transition = () => ({
  transition: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
  transitionDuration: MOVE_MS,
});

interface Selection {
  get: () => number[];
  set: (indices: number[]) => void;
}

/** Report what happens on the plot. Return the selection of the lasso. */
function reportEvents(plot: Library, events: PlotEvents): Selection {
  let chosen: number[] = [];
  let isLassoing = false;
  plot.subscribe('lassoStart', () => (isLassoing = true));
  plot.subscribe('lassoEnd', ({ coordinates }) => {
    isLassoing = false;
    events.onLasso(coordinates as unknown as number[][]);
  });
  plot.subscribe('deselect', () => events.onLasso([]));
  plot.subscribe('select', ({ points }) => {
    if (isLassoing) return;
    // In the library a click selects; here it picks a tile, and the selection of the lasso stays.
    plot.select(chosen, { preventEvent: true });
    events.onPick(points[0]!);
  });
  plot.subscribe('pointOver', (index) => events.onHover(index));
  plot.subscribe('pointOut', () => events.onHover(null));
  plot.subscribe('draw', events.onDraw);
  return {
    get: () => chosen,
    set(indices) {
      chosen = indices;
      if (indices.length > 0) plot.select(indices, { preventEvent: true });
      else plot.deselect({ preventEvent: true });
    },
  };
}

/** Return a function that draws the points in given colours. */
function painter(plot: Library, layout: Layout, selection: Selection): (colouring: Colouring) => Promise<void> {
  let spatialIndex: ArrayBuffer | undefined;
  let isOrdered = false;
  return async ({ classes, colours, order }) => {
    if (plot.get('isDestroyed')) return;
    const selected = selection.get();
    void plot.set({ pointColor: colours, pointColorActive: colours as never, pointColorHover: colours as never });
    await plot.draw(
      { x: layout.x, y: layout.y, valueA: classes },
      {
        zDataType: 'categorical',
        preventFilterReset: true,
        ...(selected.length > 0 && { select: selected }),
        ...(spatialIndex && { spatialIndex }),
      },
    );
    if (plot.get('isDestroyed')) return;
    spatialIndex = plot.get('spatialIndex');
    if (order || isOrdered) await plot.set({ pointOrder: order });
    isOrdered = order !== null;
  };
}

function nearestToCentre(canvas: HTMLCanvasElement, plot: Library): number {
  const { clientWidth, clientHeight } = canvas;
  let nearest = -1;
  let least = Infinity;
  for (const index of plot.get('pointsInView')) {
    const [x, y] = plot.getScreenPosition(index)!;
    const distance = Math.hypot(x - clientWidth / 2, y - clientHeight / 2);
    if (distance < least) [nearest, least] = [index, distance];
  }
  return nearest;
}
