-- requires: internal/default_method.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.start_candidates()
RETURNS TABLE (
    tile_id bigint, continent text, is_synthetic boolean, valid_share real, n_bytes integer, embedding vector,
    similarity double precision
)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    WITH candidates AS MATERIALIZED (
        SELECT r.tile_id, r.city_id, r.continent, r.is_synthetic, r.valid_share, r.n_bytes, v.embedding
        FROM (
            SELECT DISTINCT ON (m.composite_id)
                t.tile_id, t.city_id, m.continent, m.is_synthetic, t.valid_share, octet_length(h.webp) AS n_bytes
            FROM (
                -- Composites first: ordering all tiles takes 0.2 s.
                SELECT m.composite_id, n.continent, c.is_synthetic
                FROM terrakin.composites AS m
                JOIN terrakin.cities AS c ON c.city_id = m.city_id
                JOIN terrakin.countries AS n ON n.code = c.country_code
                WHERE EXISTS (SELECT FROM terrakin.tiles AS o WHERE o.composite_id = m.composite_id)
                ORDER BY c.is_synthetic, m.valid_share DESC, c.population DESC NULLS LAST, m.composite_id
                LIMIT 50
            ) AS m
            JOIN terrakin.tiles AS t ON t.composite_id = m.composite_id
            LEFT JOIN terrakin.tile_thumbnails AS h ON h.tile_id = t.tile_id
            ORDER BY m.composite_id, t.valid_share < 0.95, n_bytes DESC NULLS LAST, t.tile_id
        ) AS r
        LEFT JOIN api.tile_vectors AS v ON v.tile_id = r.tile_id AND v.method = internal.default_method()
    )
    SELECT c.tile_id, c.continent, c.is_synthetic, c.valid_share, c.n_bytes, c.embedding, (
        SELECT max(nullif(1 - (c.embedding <=> o.embedding), 'NaN') * least(c.valid_share, o.valid_share))
        FROM candidates AS o
        WHERE o.city_id <> c.city_id AND o.is_synthetic = c.is_synthetic
    ) AS similarity
    FROM candidates AS c
    ORDER BY c.is_synthetic, similarity DESC NULLS LAST, c.valid_share < 0.95, c.n_bytes DESC NULLS LAST, c.tile_id;
$$;

COMMENT ON FUNCTION internal.start_candidates IS
'Return one tile of each of the 50 composites with the largest valid_share, real ones first: the tile with the largest
thumbnail file, which is that of the richest picture, of those with at least 95 % valid pixels if there are any; and its
similarity to the most similar of them in another city, where a tile that imagery covers in part counts for its
valid_share. In the order of these similarities, real places first.';
