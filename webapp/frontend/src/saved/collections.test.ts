import { expect, test } from 'vitest';
import { currentOf, examplesOf, fromGeoJson, isSaved, NO_COLLECTIONS, readCollections, renamed, toGeoJson, toggled, withCollection, withoutCurrent, type SavedPlace } from './collections';

const footprint = { type: 'Polygon' as const, coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }; // prettier-ignore
const place = (id: number, unit = 'tile'): SavedPlace => ({ unit, id, city: 'Santos', country: 'Brazil', isSynthetic: false, footprint });

test('a place is saved once, and removed by saving it again', () => {
  const one = toggled(NO_COLLECTIONS, place(1));
  expect(isSaved(one, place(1))).toBe(true);
  expect(isSaved(one, place(1, 'block'))).toBe(false);
  expect(currentOf(toggled(toggled(one, place(2)), place(1))).places.map(({ id }) => id)).toEqual([2]);
});

test('places are saved to the current collection', () => {
  const two = toggled(withCollection(toggled(NO_COLLECTIONS, place(1)), { name: 'Ports', places: [] }), place(2));
  expect(two.all.map(({ name, places }) => [name, places.length])).toEqual([['My places', 1], ['Ports', 1]]); // prettier-ignore
  expect(currentOf(renamed(two, 'Docks')).name).toBe('Docks');
  expect(withoutCurrent(two)).toEqual(toggled(NO_COLLECTIONS, place(1)));
  expect(withoutCurrent(NO_COLLECTIONS)).toEqual(NO_COLLECTIONS);
});

test('a file contains what was saved', () => {
  const collection = { name: 'Ports', places: [place(1), place(70, 'block'), place(3, 'aef')] };
  const file = toGeoJson(collection);
  expect(file.features.map(({ properties }) => properties)).toMatchObject([{ tile_id: 1, city: 'Santos' }, { block_id: 70 }, { unit: 'aef', item_id: 3 }]);
  expect(fromGeoJson(JSON.stringify(file), 'file')).toEqual(collection);
});

test('an export of a search is read; the blocks of one by block', () => {
  const feature = { type: 'Feature', geometry: { type: 'MultiPolygon', coordinates: [footprint.coordinates] }, properties: { tile_id: 1, block_id: 70, city: 'Santos', country: 'Brazil' } };
  expect(fromGeoJson(JSON.stringify({ type: 'FeatureCollection', features: [feature] }), 'matches')).toEqual({ name: 'matches', places: [place(70, 'block')] });
});

test.each(['', 'no JSON', '[]', '{"features": 1}', '{"features": [{"properties": null}]}', '{"features": [{"properties": {"tile_id": "x"}}]}'])('%j has no places', (text) => {
  expect(fromGeoJson(text, 'x')).toBeNull();
});

test.each(['', '7', '{"all": []}', '{"all": [{"name": "a"}], "current": 0}', '{"all": [{"name": "a", "places": []}], "current": 4}'])('%j was not stored by this page', (text) => {
  expect(readCollections(text)).toEqual(NO_COLLECTIONS);
});

test('what is stored is read again', () => {
  const stored = toggled(NO_COLLECTIONS, place(1));
  expect(readCollections(JSON.stringify(stored))).toEqual(stored);
});

test('places of one unit are searched for at a time', () => {
  expect(examplesOf([place(1), place(70, 'block'), place(2)], 'tile')).toEqual({ unit: 'tile', ids: [1, 2] });
  expect(examplesOf([place(1)], 'block')).toEqual({ unit: 'tile', ids: [1] });
  expect(examplesOf([], 'block')).toEqual({ unit: 'block', ids: [] });
});

test('an export of a search of an imported set is read', () => {
  const properties = { item_id: 3, tile_id: null, block_id: null, city: null, country: null };
  const feature = { type: 'Feature', geometry: footprint, properties };
  const file = { type: 'FeatureCollection', query: { unit: 'aef' }, features: [feature] };
  expect(fromGeoJson(JSON.stringify(file), 'x')?.places).toMatchObject([{ unit: 'aef', id: 3 }]);
});
