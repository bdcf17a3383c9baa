// The settings of a search, in groups: the arguments of api.similar_tiles that most people need.

import type { FunctionComponent } from 'preact';
import { SEARCH_ARGUMENTS } from '../api/schema';
import { DEFAULT_SEARCH } from '../state/page';
import { usePage } from '../state/PageProvider';
import { Field } from './Field';
import { MethodField } from './MethodField';
import { NumberInput } from './NumberInput';
import { OriginField } from './OriginField';
import { PlaceFilters } from './PlaceFilters';
import { QuickPlaces } from './QuickPlaces';
import './search.css';
import { EDITORS, type EditorName } from './settings';
import { SimilarityField } from './SimilarityField';
import { useSearch } from './useSearch';

const MAX_KM = SEARCH_ARGUMENTS.exclude_within_m.maximum / 1000;

/** The fields of one group of settings, or of all. */
export function Editors({ name, id }: { name: EditorName | 'all'; id: string }) {
  const shown = name === 'all' ? EDITORS : [name];
  return (
    <form id={id} className="search" aria-label="Search settings" onSubmit={(event) => event.preventDefault()}>
      {shown.map((editor) => {
        const Part = PARTS[editor];
        return <Part key={editor} />;
      })}
    </form>
  );
}

function Where() {
  const { search, change } = useSearch();
  return (
    <>
      <QuickPlaces />
      <SameCity />
      <Field label="Farther than (km)" wide>
        {(id) => (
          <NumberInput id={id} min={0} max={MAX_KM} value={search.exclude_within_m / 1000} onCommit={(km) => change({ exclude_within_m: (km ?? 0) * 1000 })} />
        )}
      </Field>
      <PlaceFilters />
    </>
  );
}

function SameCity() {
  const { search, change } = useSearch();
  const hasExamples = usePage().state.page.positive.length > 0;
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={hasExamples || !search.exclude_same_city}
        disabled={hasExamples}
        onChange={(event) => change({ exclude_same_city: !event.currentTarget.checked })}
      />
      {hasExamples ? 'The cities of the examples are included' : 'Include the same city'}
    </label>
  );
}

function Numbers() {
  const { search, change } = useSearch();
  return (
    <>
      <Field label="Matches">
        {(id) => (
          <NumberInput id={id} min={1} max={SEARCH_ARGUMENTS.k.maximum} value={search.k} onCommit={(value) => change({ k: value ?? DEFAULT_SEARCH.k })} />
        )}
      </Field>
      <Limit label="At most per city" name="max_per_city" placeholder="any" />
      {search.unit === 'block' && <Limit label="At most per tile" name="max_per_tile" placeholder="1" />}
    </>
  );
}

interface LimitProps {
  label: string;
  name: 'max_per_city' | 'max_per_tile';
  placeholder: string;
}

/** A number that limits the matches; empty, it does not. */
function Limit({ label, name, placeholder }: LimitProps) {
  const { search, change } = useSearch();
  const { minimum, maximum } = SEARCH_ARGUMENTS[name];
  return (
    <Field label={label}>
      {(id) => (
        <NumberInput id={id} min={minimum} max={maximum} value={search[name]} placeholder={placeholder} onCommit={(value) => change({ [name]: value })} />
      )}
    </Field>
  );
}

const Method = () => (useSearch().search.unit === 'tile' ? <MethodField /> : null);

const PARTS: Record<EditorName, FunctionComponent> = { where: Where, number: Numbers, similarity: SimilarityField, origin: OriginField, method: Method };
