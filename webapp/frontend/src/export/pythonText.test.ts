import { expect, test } from 'vitest';
import { pythonText } from './pythonText';

test('the search is posted to the server of the page', () => {
  const text = pythonText({ path: 'api/v1/similar', body: { tile_id: 7, exclude_same_city: false, countries: ['PT'] } }, 'https://example.org/maps/');
  expect(text).toContain('"https://example.org/maps/api/v1/similar",');
  expect(text).toContain('        "tile_id": 7,\n        "exclude_same_city": False,\n        "countries": ["PT"],\n');
});

test('areas are nested dictionaries, texts are quoted', () => {
  const area = { type: 'Polygon', coordinates: [[[0, 0.5], [1, 0], [1, 1], [0, 0.5]]] }; // prettier-ignore
  const text = pythonText({ path: 'api/v1/similar-to-area', body: { area, method: null, origin: 'a"b' } }, 'http://x/');
  expect(text).toContain('"area": {"type": "Polygon", "coordinates": [[[0, 0.5], [1, 0], [1, 1], [0, 0.5]]]},');
  expect(text).toContain('"method": None,');
  expect(text).toContain(String.raw`"origin": "a\"b",`);
});
