import { UNIT_NAMES, UNITS } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { useCommands } from '../state/useCommands';
import './unitSwitch.css';

/** What a click chooses and a search finds: whole tiles, or the blocks inside them. */
export function UnitSwitch() {
  const { unit } = usePage();
  const { searchBy } = useCommands();
  return (
    <fieldset className="unit-switch" role="radiogroup">
      <legend>Search by</legend>
      {UNITS.map((name) => (
        <label key={name} data-checked={name === unit || undefined}>
          <input type="radio" name="unit" value={name} checked={name === unit} onChange={() => searchBy(name)} />
          {UNIT_NAMES[name].label} <small>{UNIT_NAMES[name].size}</small>
        </label>
      ))}
    </fieldset>
  );
}
