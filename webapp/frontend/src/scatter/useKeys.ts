import { usePage } from '../state/PageProvider';
import type { Plot } from './plot';

const PAN_SHARE = 0.1;
const ZOOM_FACTOR = 1.4;

interface Actions {
  /** The hovered point. */
  hovered: number;
  onHover: (index: number | null) => void;
  onPick: (index: number) => void;
  isLassoOn: boolean;
  onLassoOff: () => void;
}

/** Return the keyboard control of the plot. */
export function useKeys(plot: Plot | null, { hovered, onHover, onPick, isLassoOn, onLassoOff }: Actions): (event: KeyboardEvent) => void {
  const { state, dispatch } = usePage();
  return (event) => {
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = movesOf(plot)[event.key];
    if (move) {
      move();
      const nearest = plot.nearestToCentre();
      onHover(nearest < 0 ? null : nearest);
    } else if (event.key === 'Enter' && hovered >= 0) onPick(hovered);
    else if (event.key === 'Escape' && isLassoOn) onLassoOff();
    else if (event.key === 'Escape' && state.page.lasso) dispatch({ type: 'lassoed', lasso: null });
    else return;
    event.preventDefault();
  };
}

const movesOf = (plot: Plot): Record<string, () => void> => ({
  ArrowLeft: () => plot.pan(-PAN_SHARE, 0),
  ArrowRight: () => plot.pan(PAN_SHARE, 0),
  ArrowUp: () => plot.pan(0, PAN_SHARE),
  ArrowDown: () => plot.pan(0, -PAN_SHARE),
  '+': () => plot.zoom(ZOOM_FACTOR),
  '=': () => plot.zoom(ZOOM_FACTOR),
  '-': () => plot.zoom(1 / ZOOM_FACTOR),
  '0': () => plot.reset(),
});
