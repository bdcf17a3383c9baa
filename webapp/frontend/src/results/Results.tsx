// The matches of the search: how many, and the list.

import { useState } from 'preact/hooks';
import { ExportMenu } from '../export/ExportMenu';
import { boundsOf } from '../geo/bounds';
import { isOwn, nameOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { EmptyAnswer } from './EmptyAnswer';
import { comparedText, foundText } from './found';
import { hasGroups } from './groups';
import { ResultList } from './ResultList';
import './results.css';

export function Results() {
  const { request, unit, encoder } = usePage();
  const [isGrouped, setGrouped] = useState(false);
  if (encoder.value?.n_tiles === 0 && isOwn(unit)) return <p className="hint">Nothing is loaded yet. terrakin etl run fills the map; docs/operator.md says how.</p>;
  if (request === null && !isOwn(unit)) return <p className="hint">Click the map near an item of {unit} to list the most similar ones here.</p>;
  if (request === null) {
    return <p className="hint">Choose a city, then click one of its squares to list the most similar {nameOf(unit)}s here.</p>;
  }
  return (
    <>
      <Summary isGrouped={isGrouped} onGroup={setGrouped} />
      <ResultList isGrouped={isGrouped} />
    </>
  );
}

function Summary({ isGrouped, onGroup }: { isGrouped: boolean; onGroup: (isGrouped: boolean) => void }) {
  const { state, dispatch, unit, chosen, similar, matches } = usePage();
  const { positive, chosenId } = state.page;
  const nExamples = positive.length + (chosenId === null ? 0 : 1);
  const showAll = () => {
    const places = chosen.value ? [...matches, chosen.value] : matches;
    if (state.page.isMapHidden) dispatch({ type: 'paneChosen', pane: 'split' });
    dispatch({ type: 'viewRequested', view: { bounds: boundsOf(places) } });
  };
  return (
    <div className="summary">
      <p role="status">{similar.isLoading ? 'Searching …' : similar.value && foundText(similar.value, nameOf(unit))}</p>
      {matches.length > 0 && (
        <div className="actions">
          {!state.isMapless && (
            <button type="button" onClick={showAll}>
              Show all
            </button>
          )}
          <ExportMenu />
        </div>
      )}
      {hasGroups(matches) && (
        <label className="check small">
          <input type="checkbox" checked={isGrouped} onChange={(event) => onGroup(event.currentTarget.checked)} />
          One card per city
        </label>
      )}
      {matches.length > 0 && (
        <p className="compared">
          {comparedText(matches, nameOf(unit))}
          {nExamples > 1 && '. Distances are to the nearest example'}
        </p>
      )}
      {similar.value?.length === 0 && !similar.isLoading && <EmptyAnswer />}
    </div>
  );
}

