-- Questions of an analyst, separated by empty lines; `asked` are twelve tiles with blocks.

SELECT s.* FROM asked AS t, api.similar_blocks(t.tile_id << 6, k => 5, origin => 'any') AS s

SELECT s.* FROM asked AS t, api.similar_blocks(
    t.tile_id << 6, k => 5, origin => 'any', exact => true, max_per_tile => 3, max_per_city => 4
) AS s

SELECT s.* FROM asked AS t, api.similar_blocks(
    t.tile_id << 6, k => 5, origin => 'any', exclude_within_m => 9000, min_similarity => 0.3
) AS s

SELECT s.* FROM asked AS t, api.similar_blocks(
    t.tile_id << 6, k => 5, origin => 'any', period => '[2024-06-01,2024-07-01)', min_valid_share => 0.5
) AS s

SELECT s.* FROM asked AS t, api.similar_blocks(
    t.tile_id << 6, k => 5, origin => 'any', within => ST_MakeEnvelope(-180, 0, 180, 90, 4326)
) AS s

SELECT s.* FROM asked AS t, api.similar_blocks(
    t.tile_id << 6, k => 5, origin => 'any', continents => '{Europe,Africa}', exclude_countries => '{ES}'
) AS s

SELECT s.* FROM asked AS t, api.similar_tiles(t.tile_id, k => 5, origin => 'any', max_per_city => 1) AS s

SELECT s.* FROM asked AS t, api.similar_to_area(
    ST_Expand(t.location::geometry, 0.02), unit => 'block', period => '[2024-01-01,2025-01-01)', origin => 'any'
) AS s

SELECT s.* FROM asked AS t, api.similar_to_examples(
    ARRAY[t.tile_id << 6, (t.tile_id << 6) + 3], ARRAY[(t.tile_id << 6) + 8], unit => 'block', origin => 'any'
) AS s

SELECT s.* FROM asked AS t, api.block_at(ST_X(t.location::geometry), ST_Y(t.location::geometry)) AS s

SELECT s.* FROM terrakin.cities AS t, api.similar_cities(t.city_id) AS s

SELECT s.* FROM asked AS t, api.similarities(t.tile_id) AS s

SELECT s.* FROM api.block_overview AS s

SELECT s.* FROM api.city_overview AS s

SELECT api.stats(), api.start_tile_id()

SELECT z, s.* FROM asked AS t, generate_series(0, 12, 3) AS z, LATERAL (
    SELECT floor((ST_X(p.point) / 40075016.68 + 0.5) * 2 ^ z)::integer AS x,
        floor((0.5 - ST_Y(p.point) / 40075016.68) * 2 ^ z)::integer AS y
    FROM ST_Transform(t.location::geometry, 3857) AS p(point)
) AS a, tiles.similarity(z, a.x, a.y, json_build_object('block_id', t.tile_id << 6)) AS s

SELECT s.* FROM api.find('mixed') AS s

SELECT s.* FROM api.find(
    'mixed', max_per_city => 2, continents => '{Europe,Africa}', period => '[2024-01-01,2025-01-01)', min_valid_share => 0.5
) AS s

SELECT s.* FROM api.find('mixed', within => ST_MakeEnvelope(-180, 0, 180, 90, 4326)) AS s

SELECT s.* FROM api.uncertain('mixed') AS s

SELECT s.* FROM api.concept_overview AS s
