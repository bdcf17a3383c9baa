-- requires: internal/default_method.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.share_of_pairs(similarity double precision, method text, is_synthetic boolean)
RETURNS double precision
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    WITH sample AS MATERIALIZED (
        SELECT v.tile_id, v.embedding
        FROM (
            SELECT t.tile_id
            FROM terrakin.tiles AS t
            TABLESAMPLE BERNOULLI (
                (SELECT least(100, 100 * 400 / greatest(c.reltuples, 1)) FROM pg_class AS c WHERE c.oid = 'terrakin.tiles'::regclass)
            ) REPEATABLE (1)
            JOIN terrakin.cities AS n ON n.city_id = t.city_id
            WHERE n.is_synthetic = coalesce(share_of_pairs.is_synthetic, n.is_synthetic)
            LIMIT 200
        ) AS s
        JOIN api.tile_vectors AS v ON v.tile_id = s.tile_id AND v.method = coalesce(share_of_pairs.method, internal.default_method())
    )
    SELECT avg((1 - (a.embedding <=> b.embedding) < similarity)::integer)::double precision
    FROM sample AS a
    JOIN sample AS b ON b.tile_id > a.tile_id
    WHERE (a.embedding <=> b.embedding) <> 'NaN';
$$;

COMMENT ON FUNCTION internal.share_of_pairs IS
'Return the share of pairs of tiles, 0 to 1, that are less similar than a similarity: of the pairs among 200 tiles, always
the same ones, real or synthetic (NULL: both). NULL if there are fewer than two tiles.';
