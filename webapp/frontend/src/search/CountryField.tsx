import type { Country } from '../api/types';
import { COUNTRY_FILTERS, type CountryFilter } from '../state/filters';
import { Chip } from '../ui/Chip';
import { count } from '../ui/format';
import { Field } from './Field';
import { useSearch } from './useSearch';

/** A list of countries: one is added at a time, each can be removed. */
export function CountryField({ filter, countries }: { filter: CountryFilter; countries: Country[] }) {
  const { search, change } = useSearch();
  const { label, none, remove } = COUNTRY_FILTERS[filter];
  const codes = search[filter];
  const nameOf = (code: string) => countries.find((country) => country.code === code)?.name ?? code;
  const add = (code: string) => code && change({ [filter]: [...codes, code] });
  return (
    <Field label={label} wide>
      {(id) => (
        <>
          <select id={id} value="" onChange={(event) => add(event.currentTarget.value)}>
            <option value="">{codes.length > 0 ? 'Add another …' : none}</option>
            <CountryOptions countries={countries.filter(({ code }) => !codes.includes(code))} />
          </select>
          {codes.length > 0 && (
            <div className="chips">
              {codes.map((code) => (
                <Chip key={code} remove={{ label: remove(nameOf(code)), run: () => change({ [filter]: codes.filter((other) => other !== code) }) }}>
                  {nameOf(code)}
                </Chip>
              ))}
            </div>
          )}
        </>
      )}
    </Field>
  );
}

function CountryOptions({ countries }: { countries: Country[] }) {
  const continents = [...new Set(countries.map(({ continent }) => continent))].sort();
  return (
    <>
      {continents.map((name) => (
        <optgroup key={name} label={name}>
          {countries
            .filter(({ continent }) => continent === name)
            .map((country) => (
              <option key={country.code} value={country.code}>
                {country.name} ({count(country.n_tiles)})
              </option>
            ))}
        </optgroup>
      ))}
    </>
  );
}
