// The filters of the page that are lists. A new one is added here, and nowhere else in the page.

interface ListFilterText {
  /** Return a value as the summary of the settings lists it. */
  summary: (value: string) => string;
}

interface CountryFilterText extends ListFilterText {
  label: string;
  /** What an empty list means. */
  none: string;
  remove: (country: string) => string;
}

const unchanged = (value: string) => value;

/** Filters that take ISO 3166-1 codes, in the order of their fields. */
export const COUNTRY_FILTERS = {
  countries: {
    label: 'Only in countries',
    none: 'All',
    remove: (country) => `Remove ${country} from the countries to search`,
    summary: unchanged,
  },
  exclude_countries: {
    label: 'Not in these countries',
    none: 'None',
    remove: (country) => `Remove ${country} from the excluded countries`,
    summary: (code) => `not ${code}`,
  },
} satisfies Record<string, CountryFilterText>;

/** All filters that are lists, by their names in the API, in the order of the summary. */
export const LIST_FILTERS = { continents: { summary: unchanged }, ...COUNTRY_FILTERS } satisfies Record<string, ListFilterText>;

export type CountryFilter = keyof typeof COUNTRY_FILTERS;
export type ListFilter = keyof typeof LIST_FILTERS;

const names = (filters: object) => Object.keys(filters);
export const COUNTRY_FILTER_NAMES = names(COUNTRY_FILTERS) as CountryFilter[];

/** Return one list per filter. */
export const listsOf = (read: (name: ListFilter) => string[]): Record<ListFilter, string[]> =>
  Object.fromEntries((names(LIST_FILTERS) as ListFilter[]).map((name) => [name, read(name)])) as Record<ListFilter, string[]>;

/** Return the values of all lists as the summary of the settings shows them. */
export function summariesOf(search: Record<ListFilter, string[]>): string[] {
  return Object.entries<ListFilterText>(LIST_FILTERS).flatMap(([name, { summary }]) => search[name as ListFilter].map(summary));
}
