// What changed in a city between two periods: each place before and after, side by side, the most unusual change first.

import { useEffect, useRef } from 'preact/hooks';
import { blockPictureUrl, getCity } from '../api/client';
import type { Change } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import type { AskedChanges } from '../state/page';
import { usePage } from '../state/PageProvider';
import { count, months } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import './changes.css';
import { usePeriods } from './usePeriods';

export function Changes() {
  const { changes } = usePage().state.page;
  return changes && <Shown key={changes.cityId} asked={changes} />;
}

function Shown({ asked }: { asked: AskedChanges }) {
  const { dispatch, changed: found } = usePage();
  const { cityId } = asked;
  const city = useAnswer(`city ${cityId}`, () => getCity(cityId)).value?.city ?? '';
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current!.focus({ preventScroll: true }), []);
  const close = () => dispatch({ type: 'changesAsked', changes: null });
  return (
    <section ref={section} className="changes" tabIndex={-1} aria-label="Changes" onKeyDown={(event) => event.key === 'Escape' && close()}>
      <div className="changes-head">
        <h2>
          What changed in <bdi>{city}</bdi>
        </h2>
        <div className="actions">
          <button type="button" onClick={close}>
            Close
          </button>
        </div>
      </div>
      <Periods asked={asked} />
      {found.problem && <ProblemNote problem={found.problem} />}
      <p role="status" className="note">
        {found.isLoading ? 'Comparing …' : found.value && foundText(found.value)}
      </p>
      <ol>{found.value?.map((change) => <Pair key={change.rank} change={change} asked={asked} />)}</ol>
    </section>
  );
}

const foundText = ([first]: Change[]): string =>
  first ? `${count(first.compared)} blocks of 320 m compared, beyond what the season did to places that looked alike` : 'No block has tiles of both periods.';

function Periods({ asked }: { asked: AskedChanges }) {
  const { dispatch } = usePage();
  const periods = usePeriods(asked.cityId) ?? [asked.from, asked.to];
  return (
    <p className="change-periods">
      {(['from', 'to'] as const).map((end) => (
        <label key={end}>
          <span>{end}</span>
          <select value={asked[end]} onChange={(event) => dispatch({ type: 'changesAsked', changes: { ...asked, [end]: event.currentTarget.value } })}>
            {periods.map((period) => (
              <option key={period} value={period}>
                {months(period)}
              </option>
            ))}
          </select>
        </label>
      ))}
    </p>
  );
}

function Pair({ change, asked }: { change: Change; asked: AskedChanges }) {
  const { dispatch } = usePage();
  const { rank, block_id: after, earlier_block_id: before, score, lon, lat } = change;
  return (
    <li>
      <button type="button" title="Show on the map" onClick={() => dispatch({ type: 'viewRequested', view: { lon, lat, unit: 'block' } })}>
        <span className="rank">{rank}</span>
        <Picture id={before} period={asked.from} />
        <Picture id={after} period={asked.to} />
        {score !== null && <span className="note">{score.toFixed(1)} deviations above the median of the city</span>}
      </button>
    </li>
  );
}

const Picture = ({ id, period }: { id: number | null; period: string }) => (
  <span className="change-picture">
    {id !== null && <img src={blockPictureUrl(id)} alt={`The block in ${months(period)}`} loading="lazy" width="96" height="96" />}
    <span className="block-middle" aria-hidden="true" />
  </span>
);
