import type { Method } from '../api/types';
import { METHOD_NAMES, METHODS } from '../state/methods';
import { usePage } from '../state/PageProvider';
import { Field } from './Field';
import { useSearch } from './useSearch';

/** Which vectors are compared. The default is that of the encoder. */
export function MethodField() {
  const { search, change } = useSearch();
  const usual = usePage().encoder.value?.default_method ?? 'mean';
  const choose = (method: Method) => change({ method: method === usual ? null : method });
  return (
    <Field label="Compared vectors" wide>
      {(id) => (
        <select id={id} value={search.method ?? usual} onChange={(event) => choose(event.currentTarget.value as Method)}>
          {METHODS.map((method) => (
            <option key={method} value={method}>
              {METHOD_NAMES[method]}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
