-- requires: internal/cities_in.sql
-- requires: internal/compared_keys.sql
-- requires: internal/key_of.sql
-- requires: internal/plan_search.sql
-- requires: internal/set_id.sql
-- requires: internal/wanted_origin.sql
-- requires: internal/with_budget.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.map_similarities(
    z integer,
    envelope geometry,
    anchor internal.search_anchor,
    unit text,
    method text,
    origin text
)
RETURNS TABLE (item_id bigint, city_id bigint, similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    used_set_id integer := internal.set_id(unit, method);
    -- Keys have unit length, so that the inner product is the cosine.
    query_key halfvec := l2_normalize(internal.key_of(used_set_id, anchor.embedding));
    lonlat geometry := ST_Transform(envelope, 4326);
    -- What has its centre outside reaches in: by less than this up to a latitude of 80 degrees.
    around geometry := ST_Transform(ST_Expand(envelope, CASE unit WHEN 'block' THEN 1300 ELSE 9100 END), 4326);
    -- The key of a question has no whole vector. Without components keys are whole vectors.
    is_key boolean := vector_dims(anchor.embedding) = vector_dims(query_key)
        AND EXISTS (SELECT FROM terrakin.embedding_components AS c WHERE c.set_id = used_set_id);
    only_city_ids bigint[] := internal.cities_in(NULL, NULL, internal.wanted_origin(origin, anchor.is_synthetic));
    cities_here bigint[];
    is_few boolean;
    -- The map shows the tile or block of the query, and its city, too.
    everything internal.search_anchor := ROW(anchor.embedding, NULL, NULL, NULL, anchor.is_synthetic);
    filters internal.search_filters := ROW(
        1, unit, method, 0, false, NULL, NULL, NULL, NULL, NULL, NULL, origin, NULL, NULL, NULL, NULL, false
    );
    plan internal.search_plan;
    -- So many footprints make a vector tile of 250 kB.
    max_items constant integer := 4000;
    -- The blocks of so many tiles are compared in 50 ms, as many as max_blocks by list in 30 ms.
    few_tiles constant integer := 1000;
    max_blocks constant integer := 20000;
BEGIN
    IF z >= 6 AND unit = 'tile' AND NOT is_key THEN
        RETURN QUERY
        SELECT t.tile_id, t.city_id, 1 - (v.embedding <=> anchor.embedding) AS similarity
        FROM terrakin.tiles AS t
        JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = map_similarities.method
        WHERE t.footprint && lonlat AND (only_city_ids IS NULL OR t.city_id = ANY (only_city_ids))
            AND v.embedding <=> anchor.embedding <> 'NaN'
        ORDER BY similarity DESC
        LIMIT max_items;
        RETURN;
    ELSIF z >= 11 OR z >= 6 AND unit = 'tile' THEN
        RETURN QUERY
        SELECT e.item_id, e.city_id, -(e.key <#> query_key) AS similarity
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = used_set_id
            AND e.location && around
            AND (only_city_ids IS NULL OR e.city_id = ANY (only_city_ids))
        ORDER BY similarity DESC
        LIMIT max_items;
        RETURN;
    END IF;
    -- Looked up first, so that the plan fits their number.
    cities_here := ARRAY(
        SELECT c.city_id
        FROM terrakin.cities AS c
        WHERE CASE WHEN z < 6 THEN c.location::geometry && lonlat ELSE c.extent && lonlat END
            AND (only_city_ids IS NULL OR c.city_id = ANY (only_city_ids))
    );
    IF unit = 'tile' THEN
        RETURN QUERY
        -- Distance (21 bits) and tile_id (42 bits) in one number: the smallest is the best tile, found in one pass.
        SELECT b.best & ((1::bigint << 42) - 1), b.city_id, 1 - (b.best >> 42) / 1e6::double precision
        FROM (
            SELECT e.city_id, min((1e6 * greatest(1 + (e.key <#> query_key), 0))::bigint << 42 | e.item_id) AS best
            FROM terrakin.embedding_keys AS e
            WHERE e.set_id = used_set_id AND e.city_id = ANY (cities_here)
            GROUP BY e.city_id
        ) AS b;
        RETURN;
    END IF;
    is_few := (
        SELECT count(*) <= few_tiles
        FROM (SELECT FROM terrakin.tiles AS t WHERE t.city_id = ANY (cities_here) LIMIT few_tiles + 1) AS f
    );
    IF NOT is_few THEN
        plan := internal.with_budget(internal.plan_search(everything, filters), max_blocks);
    END IF;
    RETURN QUERY
    SELECT b.item_id, b.city_id, 1 - b.distance AS similarity
    FROM (
        SELECT DISTINCT ON (CASE WHEN z < 6 THEN c.city_id ELSE c.item_id >> 6 END) c.item_id, c.city_id, c.distance
        FROM (
            SELECT e.item_id, e.city_id, 1 + (e.key <#> query_key) AS distance
            FROM terrakin.embedding_keys AS e
            WHERE is_few AND e.set_id = used_set_id AND e.city_id = ANY (cities_here)
            UNION ALL
            SELECT k.item_id, k.city_id, k.distance
            FROM internal.compared_keys(plan, everything, NULL) AS k
            WHERE NOT is_few AND k.city_id = ANY (cities_here)
        ) AS c
        ORDER BY CASE WHEN z < 6 THEN c.city_id ELSE c.item_id >> 6 END, c.distance, c.item_id
    ) AS b
    ORDER BY similarity DESC
    LIMIT max_items;
END;
$$;

COMMENT ON FUNCTION internal.map_similarities IS
'Return what a vector tile (zoom z, envelope in EPSG:3857) shows of the similarity to an anchor.
By unit tile: the tiles in it, by their whole vectors, or by keys if the anchor is a key; below zoom 6 the best tile of
each city in it, by keys.
By unit block: the blocks in it; below zoom 11 the best block of each tile, below zoom 6 that of each city. Where the
cities in it have more than 1,000 tiles, only those of the 20,000 blocks of the world in the nearest lists.
At most 4,000 tiles or blocks, the most similar.';
