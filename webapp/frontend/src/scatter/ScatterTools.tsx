import { COLOUR_BYS, type ColourBy } from '../state/page';
import { usePage } from '../state/PageProvider';
import { COLOUR_NAMES } from './describe';
import type { Plot } from './plot';
import { shownColours, useIsAsked } from './useColouring';

interface Props {
  isLassoOn: boolean;
  onLasso: (isOn: boolean) => void;
  hasPictures: boolean;
  onPictures: (isOn: boolean) => void;
  /** Null until the points are drawn. */
  plot: Plot | null;
  /** The points that "Zoom to matches" shows. */
  zoomTo: number[];
}

export function ScatterTools({ isLassoOn, onLasso, hasPictures, onPictures, plot, zoomTo }: Props) {
  return (
    <div className="scatter-tools">
      <ColourChoice />
      <button type="button" aria-pressed={isLassoOn} disabled={!plot} onClick={() => onLasso(!isLassoOn)}>
        Lasso
      </button>
      <button type="button" aria-pressed={hasPictures} disabled={!plot} onClick={() => onPictures(!hasPictures)}>
        Pictures
      </button>
      <button type="button" disabled={!plot || zoomTo.length === 0} onClick={() => plot?.zoomTo(zoomTo)}>
        Zoom to matches
      </button>
      <button type="button" disabled={!plot} onClick={() => plot?.reset()}>
        Reset view
      </button>
    </div>
  );
}

function ColourChoice() {
  const { state, dispatch } = usePage();
  const { scatter } = state.page;
  const isAsked = useIsAsked();
  return (
    <label>
      Colour by{' '}
      <select
        value={shownColours(scatter, isAsked) ?? COLOUR_BYS[0]}
        onChange={(event) => dispatch({ type: 'scatterSwitched', colourBy: event.currentTarget.value as ColourBy })}
      >
        {COLOUR_BYS.map((by) => (
          <option key={by} value={by} disabled={by === 'similarity' && !isAsked}>
            {COLOUR_NAMES[by]}
          </option>
        ))}
      </select>
    </label>
  );
}
