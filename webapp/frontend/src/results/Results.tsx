// The matches of the search: how many, the list, and the settings above it.

import { ExportMenu } from '../export/ExportMenu';
import { boundsOf } from '../geo/bounds';
import { SearchForm } from '../search/SearchForm';
import { usePage } from '../state/PageProvider';
import { plural } from '../ui/format';
import { ResultList } from './ResultList';
import './results.css';

export function Results() {
  const { request } = usePage();
  if (request === null) {
    return <p className="hint">Choose a city, then click one of its squares to list the most similar tiles here.</p>;
  }
  return (
    <>
      <SearchForm />
      <Summary />
      <ResultList />
    </>
  );
}

function Summary() {
  const { dispatch, tile, similar, matches } = usePage();
  const showAll = () => {
    const places = tile.value ? [...matches, tile.value] : matches;
    dispatch({ type: 'viewRequested', view: { bounds: boundsOf(places) } });
  };
  return (
    <div className="summary">
      <p role="status">{summaryOf(similar.isLoading, similar.value?.length ?? null)}</p>
      {matches.length > 0 && (
        <div className="actions">
          <button type="button" onClick={showAll}>
            Show all
          </button>
          <ExportMenu />
        </div>
      )}
    </div>
  );
}

function summaryOf(isLoading: boolean, nMatches: number | null): string {
  if (isLoading) return 'Searching …';
  if (nMatches === null) return '';
  return nMatches === 0 ? 'No tile meets these conditions.' : plural(nMatches, 'match', 'matches');
}
