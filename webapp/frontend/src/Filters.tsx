// Where on Earth results may lie: continents and countries that have tiles.

import { useId } from 'react';
import { getCountries, type Country, type Search } from './api';
import { Icon } from './Icon';
import { useAnswer } from './useAnswer';

interface Props {
  search: Search;
  onChange: (part: Partial<Search>) => void;
}

const count = new Intl.NumberFormat('en');

export function Filters({ search, onChange }: Props) {
  const id = useId();
  const { value } = useAnswer('countries', getCountries);
  const countries = value ?? [];
  const continents = [...new Set([...countries.map(({ continent }) => continent), ...search.continents])].sort();
  const toggle = (name: string) =>
    onChange({ continents: search.continents.includes(name) ? without(search.continents, name) : [...search.continents, name] });
  return (
    <>
      <fieldset className="continents">
        <legend>Only in</legend>
        {continents.map((name) => (
          <button key={name} type="button" aria-pressed={search.continents.includes(name)} onClick={() => toggle(name)}>
            {name}
          </button>
        ))}
      </fieldset>
      <div className="field wide">
        <label htmlFor={id}>Only in countries</label>
        <select
          id={id}
          value=""
          onChange={({ target }) => target.value && onChange({ countries: [...search.countries, target.value] })}
        >
          <option value="">{search.countries.length > 0 ? 'Add another …' : 'All'}</option>
          {continents.map((continent) => (
            <optgroup key={continent} label={continent}>
              {countries
                .filter((country) => country.continent === continent && !search.countries.includes(country.code))
                .map(({ code, name, n_tiles }) => (
                  <option key={code} value={code}>
                    {name} ({count.format(n_tiles)})
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
        {search.countries.length > 0 && (
          <div className="chips">
            {search.countries.map((code) => (
              <span key={code} className="chip">
                {nameOf(countries, code)}
                <button
                  type="button"
                  aria-label={`Not only in ${nameOf(countries, code)}`}
                  onClick={() => onChange({ countries: without(search.countries, code) })}
                >
                  <Icon name="close" />
                </button>
              </span>
            ))}
          </div>
        )}
      </div>
    </>
  );
}

const without = (values: string[], value: string) => values.filter((other) => other !== value);

const nameOf = (countries: Country[], code: string) => countries.find((country) => country.code === code)?.name ?? code;
