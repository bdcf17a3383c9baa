-- requires: functions/check_search.sql
-- requires: functions/tile_embedding.sql
-- requires: functions/wrap_longitudes.sql
DROP FUNCTION IF EXISTS api.similar_cities(bigint, integer, text, double precision, text[], text[], daterange, integer);
DROP FUNCTION IF EXISTS api.similar_cities(
    bigint, integer, text, double precision, bigint[], text[], text[], geometry, daterange, double precision, double precision, integer
);

CREATE FUNCTION api.similar_cities(
    query_city_id bigint,
    k integer DEFAULT 20,
    method text DEFAULT 'mean',
    exclude_within_m double precision DEFAULT 0,
    exclude_city_ids bigint[] DEFAULT NULL,
    countries text[] DEFAULT NULL,
    continents text[] DEFAULT NULL,
    within geometry DEFAULT NULL,
    period daterange DEFAULT NULL,
    min_valid_share double precision DEFAULT NULL,
    min_similarity double precision DEFAULT NULL,
    max_query_tiles integer DEFAULT 50
)
RETURNS TABLE (
    rank integer,
    city_id bigint,
    city text,
    country_code text,
    similarity double precision,
    mean_similarity double precision,
    n_tiles bigint,
    distance_m double precision
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    queries vector[];
    place geography;
BEGIN
    IF max_query_tiles IS NULL OR max_query_tiles < 1 THEN
        RAISE EXCEPTION 'max_query_tiles is %', coalesce(max_query_tiles::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give how many of the city''s tiles are compared: 1 or more.';
    END IF;
    SELECT c.location INTO place FROM terrakin.cities AS c WHERE c.city_id = query_city_id;
    -- An even sample in a fixed order that has nothing to do with place: multiplying by an odd number shuffles the ids.
    SELECT array_agg(s.embedding)
    INTO queries
    FROM (
        SELECT api.tile_embedding(t.tile_id, method) AS embedding
        FROM terrakin.tiles AS t
        WHERE t.city_id = query_city_id
            AND (similar_cities.period IS NULL OR t.period && similar_cities.period)
            AND (min_valid_share IS NULL OR t.valid_share >= min_valid_share)
        ORDER BY (t.tile_id::numeric * 2654435761) % 4294967296, t.tile_id
        LIMIT max_query_tiles
    ) AS s;
    IF queries IS NULL THEN
        RAISE EXCEPTION 'city % does not exist or has no tiles', coalesce(query_city_id::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = 'api.city_overview lists all cities.';
    END IF;
    PERFORM api.check_search(
        queries[1], k, method, exclude_within_m, NULL, countries, continents, within, min_valid_share, min_similarity
    );
    within := api.wrap_longitudes(within);
    exclude_city_ids := array_remove(exclude_city_ids, NULL);
    RETURN QUERY
    WITH compared AS MATERIALIZED (
        SELECT t.city_id,
            CASE method
                WHEN 'mean' THEN t.embedding_mean
                WHEN 'dominant' THEN t.embedding_dominant
                ELSE (
                    SELECT a.embedding
                    FROM terrakin.tile_aggregates AS a
                    WHERE a.tile_id = t.tile_id
                        AND a.method = similar_cities.method
                )
            END AS embedding
        FROM terrakin.tiles AS t
        JOIN terrakin.cities AS c ON c.city_id = t.city_id
        JOIN terrakin.countries AS n ON n.code = c.country_code
        WHERE t.city_id <> query_city_id
            AND (exclude_city_ids IS NULL OR t.city_id <> ALL (exclude_city_ids))
            AND (similar_cities.countries IS NULL OR n.code = ANY (similar_cities.countries))
            AND (similar_cities.continents IS NULL OR n.continent = ANY (similar_cities.continents))
            AND (within IS NULL OR (t.footprint && within AND ST_Intersects(t.location::geometry, within)))
            AND (similar_cities.period IS NULL OR t.period && similar_cities.period)
            AND (min_valid_share IS NULL OR t.valid_share >= min_valid_share)
            AND (exclude_within_m = 0 OR NOT ST_DWithin(c.location, place, exclude_within_m))
    ),
    best AS (
        -- Each of the city's tiles with its best match in every other city. The query vectors are a parameter, so that
        -- the tiles are read once and never joined with themselves.
        SELECT c.city_id, q.number, max(1 - (c.embedding <=> q.embedding)) AS similarity
        FROM compared AS c
        CROSS JOIN unnest(queries) WITH ORDINALITY AS q(embedding, number)
        WHERE c.embedding IS NOT NULL AND vector_norm(c.embedding) > 0
        GROUP BY c.city_id, q.number
    ),
    centre AS (
        SELECT avg(l2_normalize(q)) AS embedding FROM unnest(queries) AS q
    ),
    scored AS (
        SELECT b.city_id, avg(b.similarity) AS similarity
        FROM best AS b
        GROUP BY b.city_id
        HAVING avg(b.similarity) >= coalesce(min_similarity, '-Infinity')
        ORDER BY avg(b.similarity) DESC, b.city_id
        LIMIT k
    )
    SELECT row_number() OVER (ORDER BY s.similarity DESC, s.city_id)::integer, s.city_id, c.name, c.country_code, s.similarity,
        1 - (m.embedding <=> centre.embedding), m.n_tiles, ST_Distance(c.location, place)
    FROM scored AS s
    JOIN terrakin.cities AS c ON c.city_id = s.city_id
    CROSS JOIN centre
    JOIN (
        SELECT o.city_id, avg(l2_normalize(o.embedding)) AS embedding, count(*) AS n_tiles
        FROM compared AS o
        GROUP BY o.city_id
    ) AS m ON m.city_id = s.city_id
    ORDER BY s.similarity DESC, s.city_id;
END;
$$;

COMMENT ON FUNCTION api.similar_cities IS
'The k cities most like one, best first. similarity: the mean, over (up to max_query_tiles of) the city''s tiles, of the best match that the tile '
'has in the other city, so that two cities are alike when each part of the one has its like in the other; mean_similarity: the cosine of the '
'two cities'' mean vectors, for comparison. Both -1 to 1. distance_m: geodesic metres between the city centres, which '
'exclude_within_m is about. within, period and min_valid_share say which tiles count, min_similarity and exclude_city_ids which cities. '
'Exact: every tile is compared. An unknown city, or one without tiles, raises SQLSTATE P0002, a wrong argument 22023.';
