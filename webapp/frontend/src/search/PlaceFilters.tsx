// Where on Earth matches may lie: continents and countries that have tiles.

import { getCountries } from '../api/client';
import type { Country } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import { COUNTRY_FILTER_NAMES } from '../state/filters';
import { CountryField } from './CountryField';
import { useSearch } from './useSearch';

const NO_COUNTRIES: Country[] = [];

export function PlaceFilters() {
  const { search } = useSearch();
  const countries = useAnswer('countries', getCountries).value ?? NO_COUNTRIES;
  const continents = [...new Set([...countries.map(({ continent }) => continent), ...search.continents])].sort();
  return (
    <>
      <ContinentButtons continents={continents} />
      {COUNTRY_FILTER_NAMES.map((filter) => (
        <CountryField key={filter} filter={filter} countries={countries} />
      ))}
    </>
  );
}

function ContinentButtons({ continents }: { continents: string[] }) {
  const { search, change } = useSearch();
  const toggle = (name: string) =>
    change({
      continents: search.continents.includes(name) ? search.continents.filter((other) => other !== name) : [...search.continents, name],
    });
  return (
    <fieldset className="continents">
      <legend>Only in</legend>
      {continents.map((name) => (
        <button key={name} type="button" aria-pressed={search.continents.includes(name)} onClick={() => toggle(name)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}
