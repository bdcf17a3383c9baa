// The settings of a search: the arguments of api.similar_tiles that most people need.

import { SEARCH_ARGUMENTS } from '../api/schema';
import { DEFAULT_SEARCH } from '../state/page';
import { usePage } from '../state/PageProvider';
import { Field } from './Field';
import { MethodField } from './MethodField';
import { NumberInput } from './NumberInput';
import { OriginField } from './OriginField';
import { PlaceFilters } from './PlaceFilters';
import './search.css';
import { summaryOf } from './summary';
import { useSearch } from './useSearch';

const MAX_KM = SEARCH_ARGUMENTS.exclude_within_m.maximum / 1000;
/** Where there is little room the settings start folded, so that the matches are visible. */
const IS_ROOMY = window.matchMedia('(min-width: 46rem) and (min-height: 62rem)').matches;

export function SearchForm() {
  const { search, change } = useSearch();
  const hasExamples = usePage().state.page.positive.length > 0;
  return (
    <details className="settings" open={IS_ROOMY}>
      <summary>
        Search settings<span className="set">{summaryOf(search).map((part) => ` · ${part}`)}</span>
      </summary>
      <form className="search" aria-label="Search settings" onSubmit={(event) => event.preventDefault()}>
        <Numbers />
        {search.unit === 'tile' && <MethodField />}
        <label className="check">
          <input
            type="checkbox"
            checked={hasExamples || !search.exclude_same_city}
            disabled={hasExamples}
            onChange={(event) => change({ exclude_same_city: !event.currentTarget.checked })}
          />
          {hasExamples ? 'The cities of the examples are included' : 'Include the same city'}
        </label>
        <OriginField />
        <PlaceFilters />
      </form>
    </details>
  );
}

function Numbers() {
  const { search, change } = useSearch();
  const { k, max_per_city, max_per_tile, min_similarity } = SEARCH_ARGUMENTS;
  return (
    <>
      <Field label="Matches">
        {(id) => (
          <NumberInput id={id} min={1} max={k.maximum} value={search.k} onCommit={(value) => change({ k: value ?? DEFAULT_SEARCH.k })} />
        )}
      </Field>
      <Field label="At most per city">
        {(id) => (
          <NumberInput
            id={id}
            min={max_per_city.minimum}
            max={max_per_city.maximum}
            value={search.max_per_city}
            placeholder="any"
            onCommit={(value) => change({ max_per_city: value })}
          />
        )}
      </Field>
      {search.unit === 'block' && (
        <Field label="At most per tile">
          {(id) => (
            <NumberInput
              id={id}
              min={max_per_tile.minimum}
              max={max_per_tile.maximum}
              value={search.max_per_tile}
              placeholder="1"
              onCommit={(value) => change({ max_per_tile: value })}
            />
          )}
        </Field>
      )}
      <Field label="Not within (km)">
        {(id) => (
          <NumberInput
            id={id}
            min={0}
            max={MAX_KM}
            value={search.exclude_within_m / 1000}
            onCommit={(km) => change({ exclude_within_m: (km ?? 0) * 1000 })}
          />
        )}
      </Field>
      <Field label="Minimum similarity">
        {(id) => (
          <NumberInput
            id={id}
            min={min_similarity.minimum}
            max={min_similarity.maximum}
            step={0.05}
            value={search.min_similarity}
            placeholder="any"
            onCommit={(value) => change({ min_similarity: value })}
          />
        )}
      </Field>
    </>
  );
}
