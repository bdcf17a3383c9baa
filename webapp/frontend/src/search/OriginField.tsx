import type { Origin } from '../api/types';
import { isOwn } from '../geo/unit';
import { loadedOrigin, ORIGIN_NAMES, ORIGINS } from '../state/origin';
import { usePage } from '../state/PageProvider';
import { Field } from './Field';
import { useSearch } from './useSearch';

/** Which origin matches may have. Offered where real and synthetic tiles are loaded, or where the address has chosen one. */
export function OriginField() {
  const { search, change } = useSearch();
  const encoder = usePage().encoder.value;
  if (!isOwn(search.unit)) return null;
  if (search.origin === null && (encoder === null || loadedOrigin(encoder) !== 'any')) return null;
  return (
    <Field label="Origin of matches" wide>
      {(id) => (
        <select id={id} value={search.origin ?? ''} onChange={(event) => change({ origin: (event.currentTarget.value || null) as Origin | null })}>
          <option value="">As the place that is searched for</option>
          {ORIGINS.map((origin) => (
            <option key={origin} value={origin}>
              {ORIGIN_NAMES[origin].label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
