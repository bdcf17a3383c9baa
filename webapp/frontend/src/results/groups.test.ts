import { expect, test } from 'vitest';
import type { Match } from '../api/types';
import { hasGroups, listedOf } from './groups';

const matches = [7, 8, 7, 7, 9, 8].map((city_id, i) => ({ id: i + 1, rank: i + 1, city_id }) as Match);
const shown = (isGrouped: boolean, ...open: number[]) => listedOf(matches, isGrouped, new Set(open)).map(({ match, nMore }) => [match.rank, nMore]);

test('every match is listed', () => expect(shown(false)).toEqual([1, 2, 3, 4, 5, 6].map((rank) => [rank, 0])));

test('the best match of a city stands for the others', () => expect(shown(true)).toEqual([[1, 2], [2, 1], [5, 0]])); // prettier-ignore

test('an open city has all of its matches', () => expect(shown(true, 8)).toEqual([[1, 2], [2, 1], [5, 0], [6, 0]])); // prettier-ignore

test('what lies in no city stands for itself alone', () => {
  const nowhere = [1, 2].map((id) => ({ id, rank: id, city_id: null }) as Match);
  expect(listedOf(nowhere, true, new Set())).toHaveLength(2);
  expect([hasGroups(nowhere), hasGroups(matches)]).toEqual([false, true]);
});
