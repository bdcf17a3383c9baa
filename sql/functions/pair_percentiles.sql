-- requires: internal/default_method.sql
-- requires: internal/set_id.sql
-- requires: internal/wanted_origin.sql
-- requires: views/imported_vectors.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION api.pair_percentiles(unit text DEFAULT 'tile', method text DEFAULT NULL, origin text DEFAULT 'any')
RETURNS TABLE (percentile integer, similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 101
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_variable
DECLARE
    used_method text := coalesce(method, internal.default_method(unit));
    used_set_id integer := internal.set_id(unit, used_method);
    is_synthetic boolean := internal.wanted_origin(origin, NULL);
    n_sampled constant integer := 200;
    -- As many tiles again, because those of the other origin are left out.
    sampled_percent double precision := (
        SELECT least(100, 100 * 2 * n_sampled / greatest(c.reltuples, 1))
        FROM pg_class AS c
        WHERE c.oid = 'terrakin.tiles'::regclass
    );
    tile_ids bigint[] := ARRAY(
        SELECT t.tile_id
        FROM terrakin.tiles AS t TABLESAMPLE BERNOULLI (sampled_percent) REPEATABLE (1)
        JOIN terrakin.cities AS n ON n.city_id = t.city_id
        WHERE is_synthetic IS NULL OR n.is_synthetic = is_synthetic
        LIMIT n_sampled
    );
    -- Items are numbered from 1 on.
    imported_ids bigint[] := ARRAY(
        SELECT g.item_id
        FROM (
            SELECT max(i.item_id) AS n
            FROM terrakin.imported_sets AS s
            JOIN terrakin.imported_items AS i ON i.imported_set_id = s.imported_set_id
            WHERE s.name = pair_percentiles.unit
        ) AS m
        CROSS JOIN generate_series(1, m.n, greatest(m.n / n_sampled, 1)) AS g(item_id)
        LIMIT n_sampled
    );
    -- Row 3, column 3 of 7.
    middle_block constant integer := 24;
BEGIN
    RETURN QUERY
    WITH sample AS MATERIALIZED (
        SELECT v.tile_id AS item_id, v.embedding
        FROM api.tile_vectors AS v
        WHERE unit = 'tile' AND v.tile_id = ANY (tile_ids) AND v.method = used_method
        UNION ALL
        SELECT v.item_id, v.embedding
        FROM api.imported_vectors AS v
        WHERE unit NOT IN ('tile', 'block') AND v.unit = pair_percentiles.unit AND v.item_id = ANY (imported_ids)
        UNION ALL
        SELECT e.item_id, e.key::vector
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = used_set_id
            AND e.item_id = ANY (ARRAY(SELECT t.id << 6 | middle_block FROM unnest(tile_ids) AS t(id) WHERE unit = 'block'))
    ),
    fractions AS (
        SELECT array_agg(p / 100.0::double precision ORDER BY p) AS fraction
        FROM generate_series(0, 100) AS p
    ),
    percentiles AS (
        SELECT percentile_cont((SELECT f.fraction FROM fractions AS f)) WITHIN GROUP (ORDER BY p.similarity) AS similarity
        FROM (
            SELECT 1 - (a.embedding <=> b.embedding) AS similarity
            FROM sample AS a
            JOIN sample AS b ON b.item_id > a.item_id
        ) AS p
        WHERE p.similarity <> 'NaN'
    )
    SELECT s.number::integer - 1, s.similarity
    FROM percentiles AS p
    CROSS JOIN unnest(p.similarity) WITH ORDINALITY AS s(similarity, number);
END;
$$;

COMMENT ON FUNCTION api.pair_percentiles IS
'Return the similarity that 0, 1, ..., 100 % of the pairs of tiles, blocks or imported items are below: what a similarity
of this encoder means. Of the pairs among 200 tiles, the blocks in their middle, or items of an imported set, always the
same ones. No row if there are fewer than two.
unit: tile, block, or the name of an imported set. method: as in api.tile_embedding; of blocks mean. origin: real,
synthetic or any; without effect on an imported set.
An unknown unit, method or origin raises SQLSTATE 22023.';
