import { expect, test } from 'vitest';
import { count, dateText, kilometres, months, percent, plural } from './format';

test('numbers have thousands separators', () => expect(count(48881)).toBe('48,881'));

test('one is singular, all else plural', () => {
  expect([0, 1, 2].map((n) => plural(n, 'match', 'matches'))).toEqual(['0 matches', '1 match', '2 matches']);
  expect(plural(1200, 'tile')).toBe('1,200 tiles');
});

test('distances are whole kilometres', () => expect(kilometres(1_234_567)).toBe('1,235 km'));

test('shares are whole per cent', () => expect(percent(0.498)).toBe('50%'));

test('a period is a range of months', () => {
  expect(months('2024-06-01/2024-08-31').replaceAll('\u2009', ' ')).toBe('Jun – Aug 2024');
});

test('an unknown date is not a period', () => {
  expect(dateText({ period: '2022-08-01/2022-08-31', is_date_known: true })).toBe('Aug 2022');
  expect(dateText({ period: 'date unknown', is_date_known: false })).toBe('date unknown');
});
