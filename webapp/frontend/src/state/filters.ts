// The filters of the page that are lists. A new one is added here, and nowhere else in the page.

interface ListFilterText {
  /** Return the filter as the question states it. */
  phrase: (values: string[]) => string;
}

interface CountryFilterText extends ListFilterText {
  label: string;
  /** What an empty list means. */
  none: string;
  remove: (country: string) => string;
}

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

/** Return the name of a country, by its ISO 3166-1 code. */
export const countryName = (code: string): string => (/^[A-Z]{2}$/.test(code) ? regions.of(code)! : code);

const listed = (codes: string[]) => codes.map(countryName).join(', ');

/** Filters that take ISO 3166-1 codes, in the order of their fields. */
export const COUNTRY_FILTERS = {
  countries: {
    label: 'Only in countries',
    none: 'All',
    remove: (country) => `Remove ${country} from the countries to search`,
    phrase: (codes) => `only in ${listed(codes)}`,
  },
  exclude_countries: {
    label: 'Not in these countries',
    none: 'None',
    remove: (country) => `Remove ${country} from the excluded countries`,
    phrase: (codes) => `except ${listed(codes)}`,
  },
} satisfies Record<string, CountryFilterText>;

/** All filters that are lists, by their names in the API, in the order of the question. */
export const LIST_FILTERS = { continents: { phrase: (names) => `only in ${names.join(', ')}` }, ...COUNTRY_FILTERS } satisfies Record<string, ListFilterText>;

export type CountryFilter = keyof typeof COUNTRY_FILTERS;
export type ListFilter = keyof typeof LIST_FILTERS;

export const COUNTRY_FILTER_NAMES = Object.keys(COUNTRY_FILTERS) as CountryFilter[];
export const LIST_FILTER_NAMES = Object.keys(LIST_FILTERS) as ListFilter[];

/** Return one list per filter. */
export const listsOf = (read: (name: ListFilter) => string[]): Record<ListFilter, string[]> =>
  Object.fromEntries(LIST_FILTER_NAMES.map((name) => [name, read(name)])) as Record<ListFilter, string[]>;
