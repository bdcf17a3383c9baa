import { SEARCH_ARGUMENTS } from '../api/schema';
import { usePage } from '../state/PageProvider';
import { Field } from './Field';
import { binsOf } from './histogram';
import { NumberInput } from './NumberInput';
import { useSearch } from './useSearch';

const { minimum, maximum } = SEARCH_ARGUMENTS.min_similarity;
const N_BINS = 25;

/** The least similarity that a match may have, over the similarities of the matches that are listed. */
export function SimilarityField() {
  const { search, change } = useSearch();
  const similarities = usePage().matches.map(({ similarity }) => similarity);
  const value = search.min_similarity;
  const set = (least: number | null) => change({ min_similarity: least });
  return (
    <Field label="Minimum similarity" wide>
      {(id) => (
        <div className="least">
          <Histogram similarities={similarities} least={value ?? minimum} />
          <input
            type="range"
            aria-label="Slider of the least similarity"
            min={0}
            max={maximum}
            step={0.01}
            value={Math.max(0, value ?? 0)}
            onChange={(event) => set(Number(event.currentTarget.value) || null)}
          />
          <NumberInput id={id} min={minimum} max={maximum} step={0.05} value={value} placeholder="any" onCommit={set} />
        </div>
      )}
    </Field>
  );
}

/** How many of the matches have which similarity, 0 to 1. */
function Histogram({ similarities, least }: { similarities: number[]; least: number }) {
  const bins = binsOf(similarities, N_BINS);
  const highest = Math.max(...bins, 1);
  return (
    <svg className="histogram" viewBox={`0 0 ${N_BINS} 10`} preserveAspectRatio="none" aria-hidden="true">
      {bins.map((n, i) => (
        <rect key={i} x={i + 0.05} width={0.9} y={10 - (10 * n) / highest} height={(10 * n) / highest} data-off={(i + 1) / N_BINS <= least || undefined} />
      ))}
    </svg>
  );
}
