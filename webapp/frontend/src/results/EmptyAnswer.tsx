// No match: which settings leave none, and a button that drops each of them.

import { findSimilar } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { usePage } from '../state/PageProvider';
import { useSearch } from '../search/useSearch';
import { dropsOf } from './drops';

export function EmptyAnswer() {
  const { state, dispatch } = usePage();
  const { change } = useSearch();
  const drops = dropsOf(state.page);
  const { value: helpful } = useAnswer(drops.length === 0 ? null : JSON.stringify(drops), async (signal) => {
    const found = await Promise.all(drops.map(({ request }) => (request ? findSimilar(request, signal) : Promise.resolve([]))));
    return drops.filter((_, i) => found[i]!.length > 0);
  });
  if (!helpful) return null;
  if (helpful.length === 0) return <p className="note">Removing one setting alone does not help.</p>;
  return (
    <div className="empty">
      <p>There are matches without:</p>
      <div className="actions">
        {helpful.map(({ name, part }) => (
          <button key={name} type="button" onClick={() => (part === 'area' ? dispatch({ type: 'areaRemoved' }) : change(part))}>
            Remove “{name}”
          </button>
        ))}
      </div>
    </div>
  );
}
