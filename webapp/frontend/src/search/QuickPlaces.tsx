import { countryName } from '../state/filters';
import { usePage } from '../state/PageProvider';
import { kilometres } from '../ui/format';
import { useSearch } from './useSearch';

const FAR_M = 1_000_000;

/** What most people want of a place that they found: the same elsewhere. */
export function QuickPlaces() {
  const chosen = usePage().chosen.value;
  const code = chosen && (chosen.tile ?? chosen.item).country_code;
  const { search, change } = useSearch();
  if (code === null) return null;
  const country = countryName(code);
  const { countries, exclude_countries } = search;
  const others = exclude_countries.filter((other) => other !== code);
  const choices = [
    { text: `Outside ${country}`, isOn: exclude_countries.includes(code), on: { exclude_countries: [...others, code], countries: [] }, off: { exclude_countries: others } },
    { text: `Only in ${country}`, isOn: countries.join() === code, on: { countries: [code], exclude_countries: others }, off: { countries: [] } },
    { text: `Farther than ${kilometres(FAR_M)}`, isOn: search.exclude_within_m === FAR_M, on: { exclude_within_m: FAR_M }, off: { exclude_within_m: 0 } },
  ];
  return (
    <div className="quick">
      {choices.map(({ text, isOn, on, off }) => (
        <button key={text} type="button" aria-pressed={isOn} onClick={() => change(isOn ? off : on)}>
          {text}
        </button>
      ))}
    </div>
  );
}
