import { getSets } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { isOwn, OWN_UNITS, UNIT_NAMES } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { useCommands } from '../state/useCommands';
import { count } from '../ui/format';
import './unitSwitch.css';

/** What a click chooses and a search finds: whole tiles, the blocks inside them, or items of an imported set. */
export function UnitSwitch() {
  const { unit } = usePage();
  const { searchBy } = useCommands();
  return (
    <fieldset className="unit-switch" role="radiogroup">
      <legend>Search by</legend>
      {OWN_UNITS.map((name) => (
        <label key={name} data-checked={name === unit || undefined}>
          <input type="radio" name="unit" value={name} checked={name === unit} onChange={() => searchBy(name)} />
          {UNIT_NAMES[name].label} <small>{UNIT_NAMES[name].size}</small>
        </label>
      ))}
      <SetChoice />
    </fieldset>
  );
}

/** The imported sets, where there are any. */
function SetChoice() {
  const { unit } = usePage();
  const { searchBy } = useCommands();
  const sets = useAnswer('sets', getSets).value ?? [];
  if (sets.length === 0) return null;
  const chosen = isOwn(unit) ? '' : unit;
  return (
    <label className="unit-set" data-checked={chosen !== '' || undefined}>
      <select aria-label="Imported set" value={chosen} onChange={({ currentTarget }) => currentTarget.value && searchBy(currentTarget.value)}>
        <option value="">Imported …</option>
        {sets.map(({ unit: name, n_items: nItems }) => (
          <option key={name} value={name}>
            {name} ({count(nItems)})
          </option>
        ))}
      </select>
    </label>
  );
}
