-- requires: internal/check_search.sql
-- requires: internal/cities_in.sql
-- requires: internal/composites_in.sql
-- requires: internal/default_method.sql
-- requires: internal/set_id.sql
-- requires: internal/wanted_origin.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/search_filters.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION api.similar_cities(
    query_city_id bigint,
    k bigint DEFAULT 20,
    method text DEFAULT NULL,
    exclude_within_m double precision DEFAULT 0,
    exclude_city_ids bigint[] DEFAULT NULL,
    countries text[] DEFAULT NULL,
    exclude_countries text[] DEFAULT NULL,
    continents text[] DEFAULT NULL,
    origin text DEFAULT NULL,
    within geometry DEFAULT NULL,
    period daterange DEFAULT NULL,
    min_valid_share double precision DEFAULT NULL,
    min_similarity double precision DEFAULT NULL,
    max_query_tiles bigint DEFAULT 50
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
    composite_ids bigint[] := internal.composites_in(period);
    queries vector[];
    query_location geography;
    only_city_ids bigint[];
    is_synthetic boolean;
BEGIN
    IF max_query_tiles IS NULL OR max_query_tiles < 1 THEN
        RAISE EXCEPTION 'max_query_tiles is %', coalesce(max_query_tiles::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give the number of tiles of the city to compare: 1 or more.';
    END IF;
    method := coalesce(method, internal.default_method());
    PERFORM internal.set_id('tile', method);
    SELECT c.location, c.is_synthetic INTO query_location, is_synthetic FROM terrakin.cities AS c WHERE c.city_id = query_city_id;
    -- A repeatable sample that does not depend on location: multiplying by an odd number shuffles the ids.
    SELECT array_agg(s.embedding)
    INTO queries
    FROM (
        SELECT v.embedding
        FROM terrakin.tiles AS t
        JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = similar_cities.method
        WHERE t.city_id = query_city_id
            AND (composite_ids IS NULL OR t.composite_id = ANY (composite_ids))
            AND (min_valid_share IS NULL OR t.valid_share >= min_valid_share)
        ORDER BY (t.tile_id::numeric * 2654435761) % 4294967296, t.tile_id
        LIMIT max_query_tiles
    ) AS s;
    IF queries IS NULL THEN
        RAISE EXCEPTION 'city % does not exist or has no tiles', coalesce(query_city_id::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = 'api.city_overview lists all cities.';
    END IF;
    PERFORM internal.check_search(
        queries[1],
        ROW(
            k, 'tile', method, exclude_within_m, true, exclude_city_ids, NULL, NULL, countries, exclude_countries,
            continents, origin, within, period, min_valid_share, min_similarity, true
        )::internal.search_filters
    );
    within := internal.wrap_longitudes(within);
    only_city_ids := internal.cities_in(countries, continents, internal.wanted_origin(origin, is_synthetic));
    exclude_city_ids := array_remove(
        exclude_city_ids || query_city_id || internal.cities_in(exclude_countries, NULL), NULL
    );
    RETURN QUERY
    WITH compared AS MATERIALIZED (
        SELECT t.city_id, v.embedding
        FROM terrakin.tiles AS t
        JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = similar_cities.method
        JOIN terrakin.cities AS c ON c.city_id = t.city_id
        WHERE t.city_id <> ALL (exclude_city_ids)
            AND (only_city_ids IS NULL OR t.city_id = ANY (only_city_ids))
            AND (within IS NULL OR (t.footprint && within AND ST_Intersects(t.location::geometry, within)))
            AND (composite_ids IS NULL OR t.composite_id = ANY (composite_ids))
            AND (min_valid_share IS NULL OR t.valid_share >= min_valid_share)
            AND (exclude_within_m = 0 OR NOT ST_DWithin(c.location, query_location, exclude_within_m))
    ),
    best AS (
        -- For each tile of the city its best match in every other city. The query vectors are a parameter, so that
        -- the tiles are read once and never joined with themselves.
        SELECT c.city_id, q.number, max(1 - (c.embedding <=> q.embedding)) AS similarity
        FROM compared AS c
        CROSS JOIN unnest(queries) WITH ORDINALITY AS q(embedding, number)
        WHERE vector_norm(c.embedding) > 0
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
        1 - (m.embedding <=> centre.embedding), m.n_tiles, ST_Distance(c.location, query_location)
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
'Return the k cities most similar to a city, best first. Exact: every tile is compared.
similarity: mean, over at most max_query_tiles tiles of the city, of the similarity with the best match in the other
city.
mean_similarity: cosine of the mean vectors of both cities, for comparison. Both are -1 to 1.
distance_m: geodesic metres between the city centres; exclude_within_m refers to it.
origin: NULL is that of the city.
within, period and min_valid_share select tiles, the other filters cities; they are those of api.similar_tiles.
An unknown city, or one without tiles, raises SQLSTATE P0002, an invalid argument 22023.';
