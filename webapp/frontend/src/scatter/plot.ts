// The points on their canvas, drawn by regl-scatterplot, with touch support, which that library lacks.

import createScatterplot, { createRenderer } from 'regl-scatterplot';
import { mouseFromTouch } from './touch';
import type { Colouring } from './colours';
import type { Layout } from './layout';

export interface PlotEvents {
  onHover: (index: number | null) => void;
  onPick: (index: number) => void;
  /** An empty list: the selection was cleared. */
  onLasso: (indices: number[]) => void;
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
  /** Return the point nearest to the middle of the canvas; -1 if no point is in view. */
  nearestToCentre: () => number;
  destroy: () => void;
}

/** What is used of dom-2d-camera, which regl-scatterplot exposes without types. */
interface Camera {
  view: Float32Array;
  config: (options: { isRotate: boolean }) => void;
  lookAt: (target: [number, number], distance: number) => void;
  pan: (by: [number, number]) => void;
  scale: (factors: [number, number], centre: [number, number]) => void;
}

const MOVE_MS = 400;
const MANY_POINTS = 5000;
const ZOOM_PADDING = 0.4;
const MARGIN = 1.08;

export const hasWebGl = () => document.createElement('canvas').getContext('webgl') !== null;

export function createPlot(canvas: HTMLCanvasElement, layout: Layout, events: PlotEvents): Plot {
  const n = layout.tileIds.length;
  const isDense = n > MANY_POINTS;
  // The library's own renderer is as large as the window, which is slow in software.
  const renderer = createRenderer({ canvas: document.createElement('canvas') });
  const resizeRenderer = () => renderer.resize(canvas.clientWidth, canvas.clientHeight);
  resizeRenderer();
  const plot = createScatterplot({
    renderer,
    canvas,
    syncEvents: true,
    colorBy: 'valueA',
    pointSize: Math.max(2.5, Math.min(9, 420 / Math.sqrt(n))),
    pointSizeSelected: 1,
    pointOutlineWidth: 0,
    opacity: 0.85,
    ...(isDense && { opacityBy: 'density' as never, opacityByDensityFill: 0.3 }),
    opacityInactiveScale: 0.25,
    deselectOnEscape: false,
    actionKeyMap: { lasso: 'shift' },
    lassoColor: [0.5, 0.5, 0.5, 1],
  } as Parameters<typeof createScatterplot>[0]);
  const camera = plot.get('camera') as Camera;
  camera.config({ isRotate: false });

  let chosen: number[] = [];
  let isLassoing = false;
  plot.subscribe('lassoStart', () => (isLassoing = true));
  plot.subscribe('lassoEnd', () => (isLassoing = false));
  plot.subscribe('deselect', () => events.onLasso([]));
  plot.subscribe('select', ({ points }) => {
    if (isLassoing) return events.onLasso([...points]);
    // In the library a click selects; here it picks a tile, and the selection of the lasso stays.
    plot.select(chosen, { preventEvent: true });
    events.onPick(points[0]!);
  });
  plot.subscribe('pointOver', (index) => events.onHover(index));
  plot.subscribe('pointOut', () => events.onHover(null));
  plot.subscribe('draw', events.onDraw);
  canvas.addEventListener('webglcontextlost', events.onLost);
  const stopTouch = mouseFromTouch(canvas);

  const moving = () => {
    const transition = !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    return { transition, transitionDuration: MOVE_MS };
  };
  // At distance 1 the camera sees -1..1 of the canvas's height, and a proportional part of its width.
  const [halfX, halfY] = [layout.x, layout.y].map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const fit = () => Math.max(halfY!, (halfX! * canvas.clientHeight) / canvas.clientWidth) * MARGIN;
  let fitted: number[] = [];
  const showAll = () => {
    camera.lookAt([0, 0], fit());
    fitted = [...camera.view];
    plot.redraw();
  };
  showAll();
  const observer = new ResizeObserver(() => {
    resizeRenderer();
    if (fitted.every((value, i) => value === camera.view[i])) showAll();
  });
  observer.observe(canvas);

  let spatialIndex: ArrayBuffer | undefined;
  let isOrdered = false;
  const draw = async ({ classes, colours, order }: Colouring) => {
    const points = { x: layout.x, y: layout.y, valueA: classes };
    void plot.set({ pointColor: colours, pointColorActive: colours as never, pointColorHover: colours as never });
    await plot.draw(points, {
      zDataType: 'categorical',
      preventFilterReset: true,
      ...(chosen.length > 0 && { select: chosen }),
      ...(spatialIndex && { spatialIndex }),
    });
    if (plot.get('isDestroyed')) return;
    spatialIndex = plot.get('spatialIndex');
    if (order || isOrdered) await plot.set({ pointOrder: order });
    isOrdered = order !== null;
  };
  // The library cannot draw while it is drawing. Of the colourings requested meanwhile, only the last is drawn.
  let waiting: Colouring | null = null;
  let drawing: Promise<void> | null = null;
  const drawWaiting = async () => {
    try {
      while (waiting && !plot.get('isDestroyed')) {
        const next = waiting;
        waiting = null;
        await draw(next);
      }
    } finally {
      drawing = null;
    }
  };

  return {
    colour(colouring) {
      waiting = colouring;
      return (drawing ??= drawWaiting());
    },
    select(indices) {
      chosen = indices;
      if (indices.length > 0) plot.select(indices, { preventEvent: true });
      else plot.deselect({ preventEvent: true });
    },
    setLasso: (isOn) => void plot.set({ mouseMode: isOn ? 'lasso' : 'panZoom' }),
    zoomTo: (indices) => void plot.zoomToPoints(indices, { padding: ZOOM_PADDING, ...moving() }),
    reset: () => void plot.zoomToLocation([0, 0], fit(), moving()).then(showAll),
    pan(right, up) {
      camera.pan([-2 * right, -2 * up]);
      plot.redraw();
    },
    zoom(factor) {
      camera.scale([factor, factor], [0, 0]);
      plot.redraw();
    },
    position: (index) => plot.getScreenPosition(index) ?? [-1e4, -1e4],
    nearestToCentre() {
      const { clientWidth, clientHeight } = canvas;
      let nearest = -1;
      let least = Infinity;
      for (const index of plot.get('pointsInView')) {
        const [x, y] = plot.getScreenPosition(index)!;
        const distance = Math.hypot(x - clientWidth / 2, y - clientHeight / 2);
        if (distance < least) [nearest, least] = [index, distance];
      }
      return nearest;
    },
    destroy() {
      stopTouch();
      observer.disconnect();
      canvas.removeEventListener('webglcontextlost', events.onLost);
      plot.destroy();
      renderer.destroy();
    },
  };
}
