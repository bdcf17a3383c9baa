import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLatest } from '../ui/useLatest';
import type { Layout } from './layout';
import type { Plot, PlotEvents } from './plot';

const NO_WEBGL = 'The scatter plot needs WebGL, which this browser does not offer. The list of matches works without it.';
const LOST = 'The page has lost access to the graphics processor. Load the page again to see the scatter plot.';
const NOT_LOADED = 'A part of the page could not be loaded. Load the page again to see the scatter plot.';

/** Load the library; null if that fails, and the next call tries again. */
const load = () => import('./plot').catch(() => null);

/** Make the plot once the canvas and the layout exist; its library is loaded only then. */
export function usePlot(
  canvas: RefObject<HTMLCanvasElement | null>,
  layout: Layout | null,
  events: Omit<PlotEvents, 'onLost'>,
): { plot: Plot | null; failure: string | null } {
  const [plot, setPlot] = useState<Plot | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const latest = useLatest(events);

  useEffect(() => {
    // The library is loaded at the same time as the layout.
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
        onLasso: (outline) => latest.current.onLasso(outline),
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
  }, [canvas, layout, latest]);

  return { plot, failure };
}
