import { usePage } from '../state/PageProvider';
import { plural } from '../ui/format';

/** How many tiles the plot leaves out, and how many are in the lasso. */
export function Counts({ nInLayout, nLassoed }: { nInLayout: number; nLassoed: number }) {
  const { dispatch, encoder } = usePage();
  const nLeftOut = Math.max(0, (encoder.value?.n_tiles ?? 0) - nInLayout);
  return (
    <p className="scatter-counts">
      {nLeftOut > 0 && <span>{plural(nLeftOut, 'tile')} not in the layout</span>}
      <span role="status">{nLassoed > 0 && `${plural(nLassoed, 'tile')} in the lasso`}</span>
      {nLassoed > 0 && (
        <button type="button" onClick={() => dispatch({ type: 'lassoed', lasso: null })}>
          Clear
        </button>
      )}
    </p>
  );
}
