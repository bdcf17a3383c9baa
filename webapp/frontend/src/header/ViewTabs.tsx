import { PANES, paneOf, type Pane } from '../state/page';
import { usePage } from '../state/PageProvider';
import './viewTabs.css';

const NAMES: Record<Pane, { name: string; title: string }> = {
  map: { name: 'Map', title: 'The map alone' },
  split: { name: 'Split', title: 'The map beside the scatter plot of all tiles' },
  plot: { name: 'Plot', title: 'The scatter plot of all tiles alone' },
};

/** Whether the map, the scatter plot or both are shown. */
export function ViewTabs() {
  const { state, dispatch } = usePage();
  const shown = paneOf(state.page);
  return (
    <div className="view-tabs" role="group" aria-label="View">
      {PANES.map((pane) => (
        <button key={pane} type="button" data-pane={pane} aria-pressed={pane === shown} title={NAMES[pane].title} onClick={() => dispatch({ type: 'paneChosen', pane })}>
          {NAMES[pane].name}
        </button>
      ))}
    </div>
  );
}
