import { expect, test } from 'vitest';
import { addressed, isInView, opened } from './opening';
import { readQuery, writeQuery } from './permalink';

const PLACE = { lon: 10.1, lat: 54.3 };

test.each([
  ['', true],
  ['#map=12/54.3/10.1', true],
  ['#map=12/54.31/10.12', true],
  ['#map=1.3/25/15', true],
  ['#map=12/38.7/-9.1', false],
  ['#map=4/40/-30', false],
])('the place is in view of an address ending in "%s": %s', (hash, expected) => expect(isInView(hash, PLACE)).toBe(expected));

test('an address without a question opens on the start place, with its own settings', () => {
  expect(opened(readQuery('?k=5'), 7)).toMatchObject({ chosenId: 7, search: { k: 5 } });
  expect(opened(readQuery(''), null).chosenId).toBeNull();
});

test.each(['tile=3', 'positive=3', 'negative=3', 'area=1,1;2,1;2,2'])('the question %s is kept', (query) => {
  const page = readQuery(query);
  expect(opened(page, 7)).toEqual(page);
});

test.each([
  ['tile=7', ''],
  ['tile=7&k=5', 'k=5'],
  ['tile=7&positive=3', 'tile=7&positive=3'],
  ['tile=7&shown=3', 'tile=7&shown=3'],
  ['tile=7&compare=3', 'tile=7&compare=3'],
  ['tile=3', 'tile=3'],
])('opened on tile 7, the state %s has the address "%s"', (query, address) => {
  expect(writeQuery(addressed(readQuery(query), 7))).toBe(address);
});

test('a search by block opens on the middle block of the start tile', () => {
  const start = opened(readQuery('unit=block'), 7);
  expect(start.chosenId).toBe(7 * 64 + 24);
  expect(writeQuery(addressed(start, 7))).toBe('unit=block');
});
