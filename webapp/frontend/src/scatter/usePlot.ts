import { useEffect, useRef, useState, type RefObject } from 'react';
import type { Layout } from './layout';
import type { Plot, PlotEvents } from './plot';

export const NO_WEBGL = 'This browser offers no WebGL, which the scatter plot needs. The list of results works without it.';
const LOST = 'The graphics processor was taken away from this page. Load the page again to see the scatter plot.';
const NOT_LOADED = 'A part of the page could not be loaded. Load the page again to see the scatter plot.';

/** Null where it cannot be loaded; the next call tries again. */
const load = () => import('./plot').catch(() => null);

/** Makes the plot once the canvas and the layout are there; its library is loaded only then. */
export function usePlot(
  canvas: RefObject<HTMLCanvasElement | null>,
  layout: Layout | null,
  events: Omit<PlotEvents, 'onLost'>,
): { plot: Plot | null; failure: string | null } {
  const [plot, setPlot] = useState<Plot | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const latest = useRef(events);
  latest.current = events;

  useEffect(() => {
    // While the layout is on its way the library can be, too.
    if (!layout) {
      void load();
      return undefined;
    }
    let made: Plot | null = null;
    let isGone = false;
    const make = async () => {
      const library = await load();
      if (isGone) return;
      if (!library) return setFailure(NOT_LOADED);
      if (!library.hasWebGl()) return setFailure(NO_WEBGL);
      made = library.createPlot(canvas.current!, layout, {
        onHover: (index) => latest.current.onHover(index),
        onPick: (index) => latest.current.onPick(index),
        onLasso: (indices) => latest.current.onLasso(indices),
        onDraw: () => latest.current.onDraw(),
        onLost: () => setFailure(LOST),
      });
      setPlot(made);
    };
    void make();
    return () => {
      isGone = true;
      setPlot(null);
      made?.destroy();
    };
  }, [layout]);

  return { plot, failure };
}
