import { expect, test } from 'vitest';
import { sqlText } from './sqlText';

const similar = (body: Record<string, unknown>) => sqlText({ path: 'api/v1/similar', body: { tile_id: 7, k: 20, ...body } });

test('the whole statement', () => {
  expect(similar({ method: 'dominant', exclude_within_m: 1000 })).toBe(`SELECT rank, tile_id, city, country_code, similarity, distance_m, footprint
FROM api.similar_tiles(
    7,
    k => 20,
    method => 'dominant',
    exclude_within_m => 1000
)
ORDER BY rank;
`);
});

test('arguments at their defaults are left out', () => {
  const text = similar({ exclude_within_m: 0, exclude_same_city: true, exact: false });
  expect(text).not.toMatch(/exclude|exact/);
});

test('false is not a default of exclude_same_city', () => expect(similar({ exclude_same_city: false })).toContain('exclude_same_city => false'));

test('lists are typed arrays', () => {
  const text = similar({ countries: ['JP'], exclude_countries: ['DE', 'FR'], exclude_city_ids: [1, -2] });
  expect(text).toContain("countries => ARRAY['JP']::text[]");
  expect(text).toContain("exclude_countries => ARRAY['DE', 'FR']::text[]");
  expect(text).toContain('exclude_city_ids => ARRAY[1, -2]::bigint[]');
});

test('texts are quoted', () => {
  expect(similar({ origin: 'any' })).toContain("origin => 'any'");
  expect(similar({ continents: ["O'Ceania"] })).toContain("ARRAY['O''Ceania']::text[]");
  expect(similar({ period: '2024-06-01/2024-08-31' })).toContain("period => daterange('2024-06-01', '2024-08-31', '[]')");
});

test('examples and areas come first', () => {
  const examples = sqlText({ path: 'api/v1/similar-to-examples', body: { positive: [1, 2], negative: [3], k: 5 } });
  expect(examples).toContain('FROM api.similar_to_examples(\n    ARRAY[1, 2]::bigint[],\n    negative => ARRAY[3]::bigint[],\n    k => 5\n)');
  const area = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }; // prettier-ignore
  expect(sqlText({ path: 'api/v1/similar-to-area', body: { area, k: 5 } })).toContain(
    `FROM api.similar_to_area(\n    ST_GeomFromGeoJSON('${JSON.stringify(area)}'),\n    k => 5\n)`,
  );
});

test('an unknown search has no statement', () => expect(sqlText({ path: 'api/v1/similar-to-chip', body: {} })).toBeNull());

test('blocks', () => {
  expect(sqlText({ path: 'api/v1/similar-blocks', body: { block_id: 70, k: 5, max_per_tile: 2 } })).toBe(`SELECT rank, block_id, tile_id, city, country_code, similarity, distance_m, footprint
FROM api.similar_blocks(
    70,
    k => 5,
    max_per_tile => 2
)
ORDER BY rank;
`);
  const examples = sqlText({ path: 'api/v1/similar-to-examples', body: { positive: [70], unit: 'block', k: 5 } });
  expect(examples).toContain('SELECT rank, block_id, ');
  expect(examples).toContain("    unit => 'block',\n");
});

test('items', () => {
  const text = sqlText({ path: 'api/v1/similar-to-examples', body: { positive: [7], unit: 'aef', k: 5 } });
  expect(text).toContain('SELECT rank, item_id, city');
  expect(text).toContain("unit => 'aef'");
});
