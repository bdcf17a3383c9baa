// Numbers and dates as the page shows them.

const number = new Intl.NumberFormat('en');
const rounded = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
const month = new Intl.DateTimeFormat('en', { month: 'short', year: 'numeric', timeZone: 'UTC' });

export const count = (n: number): string => number.format(n);

/** 1 tile, 2 tiles. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** a tile, an item. */
export const withArticle = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

export const kilometres = (metres: number): string => `${rounded.format(metres / 1000)} km`;

export const percent = (value: number): string => share.format(value);

/** The day (UTC) of a time. */
export const dayText = (time: string): string => day.format(new Date(time));

export interface Dated {
  period: string;
  is_date_known: boolean;
}

/** The months of a tile's pixels, or that their date is unknown. */
export const dateText = ({ period, is_date_known }: Dated): string => (is_date_known ? months(period) : 'date unknown');

/** 2024-06-01/2024-08-31 as Jun – Aug 2024. */
export function months(period: string): string {
  const [from, to] = period.split('/').map((day) => new Date(day));
  return month.formatRange(from!, to!);
}
