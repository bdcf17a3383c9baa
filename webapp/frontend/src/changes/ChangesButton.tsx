import { usePage } from '../state/PageProvider';
import './changes.css';
import { usePeriods } from './usePeriods';

/** Opens the changes of a city of which tiles of several periods are loaded. */
export function ChangesButton({ cityId }: { cityId: number }) {
  const { dispatch } = usePage();
  const periods = usePeriods(cityId);
  if (periods === null || periods.length < 2) return null;
  const [from, to] = [periods[0]!, periods.at(-1)!];
  return (
    <div className="actions changes-open">
      <button type="button" onClick={() => dispatch({ type: 'changesAsked', changes: { cityId, from, to } })}>
        What changed here
      </button>
    </div>
  );
}
