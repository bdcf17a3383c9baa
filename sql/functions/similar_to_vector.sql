-- requires: functions/check_search.sql
-- requires: functions/has_few_tiles.sql
-- requires: functions/wrap_longitudes.sql
DROP FUNCTION IF EXISTS api.similar_to_vector(
    vector, integer, text, geography, double precision, bigint[], bigint[], integer, text[], text[], geometry, double precision, boolean
);
DROP FUNCTION IF EXISTS api.similar_to_vector(
    vector, integer, text, geography, double precision, bigint[], bigint[], integer, text[], text[], geometry, daterange,
    double precision, double precision, boolean
);
DROP FUNCTION IF EXISTS api.similar_to_vector(
    vector, integer, text, geography, double precision, bigint[], bigint[], integer, text[], text[], geometry, daterange,
    double precision, double precision, boolean, bigint[]
);

CREATE FUNCTION api.similar_to_vector(
    query vector,
    k integer DEFAULT 20,
    method text DEFAULT 'mean',
    exclude_near geography DEFAULT NULL,
    exclude_within_m double precision DEFAULT 0,
    exclude_city_ids bigint[] DEFAULT NULL,
    exclude_tile_ids bigint[] DEFAULT NULL,
    max_per_city integer DEFAULT NULL,
    countries text[] DEFAULT NULL,
    continents text[] DEFAULT NULL,
    within geometry DEFAULT NULL,
    period daterange DEFAULT NULL,
    min_valid_share double precision DEFAULT NULL,
    min_similarity double precision DEFAULT NULL,
    exact boolean DEFAULT false,
    neighbour_tile_ids bigint[] DEFAULT NULL
)
RETURNS TABLE (
    rank integer,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    similarity double precision,
    distance_m double precision,
    footprint geometry(Polygon, 4326),
    found_by text,
    candidates bigint
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
-- Search settings belong to the function, not to the session. Custom plans fold the filters that were not asked for
-- (NULL) out of the one static statement, so that the index for the wanted ones is found.
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
SET hnsw.iterative_scan = relaxed_order
SET hnsw.ef_search = 200
AS $$
#variable_conflict use_column
DECLARE
    only_city_ids bigint[];
    n_wanted bigint;
    n_neighbours integer := least(240, greatest(60, 3 * k::bigint));
    worst_similarity double precision;
    found_tile_ids bigint[];
    found_similarities double precision[];
    -- Methods median, min and max have no index, and after DROP INDEX no method has.
    has_index boolean := to_regclass(format('terrakin.ix_tiles_embedding_%s_hnsw', method)) IS NOT NULL;
    -- So few tiles are compared faster than anything is looked up.
    very_few constant integer := 1000;
    -- To compare so many takes 0.3 s and finds the best, where the index would pass by most of what it meets.
    few constant integer := 100000;
    -- More candidates than this from the index cost as much as comparing all tiles.
    max_candidates constant integer := 4000;
BEGIN
    PERFORM api.check_search(
        query, k, method, exclude_within_m, max_per_city, countries, continents, within, min_valid_share, min_similarity
    );
    IF k = 0 THEN
        RETURN;
    END IF;
    within := api.wrap_longitudes(within);
    -- x <> ALL (an array with a NULL) is never true.
    exclude_city_ids := array_remove(exclude_city_ids, NULL);
    exclude_tile_ids := array_remove(exclude_tile_ids, NULL);
    IF countries IS NOT NULL OR continents IS NOT NULL THEN
        SELECT coalesce(array_agg(c.city_id), '{}')
        INTO only_city_ids
        FROM terrakin.cities AS c
        JOIN terrakin.countries AS n ON n.code = c.country_code
        WHERE (similar_to_vector.countries IS NULL OR n.code = ANY (similar_to_vector.countries))
            AND (similar_to_vector.continents IS NULL OR n.continent = ANY (similar_to_vector.continents));
    END IF;
    found_by := CASE
        WHEN exact THEN 'exact'
        WHEN api.has_few_tiles(only_city_ids, within, very_few) THEN 'exact'
        WHEN neighbour_tile_ids IS NOT NULL THEN 'neighbours'
        WHEN NOT has_index OR api.has_few_tiles(only_city_ids, within, few) THEN 'exact'
        ELSE 'index'
    END;
    -- Neighbours that are alike to six decimals stand in the order of tile_id: a few more, ranked again, put that right.
    n_wanted := CASE
        WHEN found_by = 'index' THEN greatest(60, 3 * k::bigint)
        WHEN found_by = 'neighbours' AND max_per_city IS NULL THEN k::bigint + 8
    END;

    -- One static statement serves every pass, because custom plans fold the CASEs away: the neighbours that are known; candidates of
    -- the HNSW index (halfvec), ranked again on the full vectors; or every tile.
    LOOP
        SELECT
            (array_agg(r.tile_id ORDER BY r.similarity DESC, r.tile_id) FILTER (WHERE r.is_wanted))[:k],
            (array_agg(r.similarity ORDER BY r.similarity DESC, r.tile_id) FILTER (WHERE r.is_wanted))[:k],
            count(*),
            min(r.similarity)
        INTO found_tile_ids, found_similarities, candidates, worst_similarity
        FROM (
            SELECT n.tile_id, 1 - n.distance AS similarity,
                1 - n.distance >= coalesce(min_similarity, '-Infinity') AND CASE WHEN max_per_city IS NULL THEN
                    row_number() OVER (ORDER BY n.distance, n.tile_id) <= k
                ELSE
                    row_number() OVER (PARTITION BY n.city_id ORDER BY n.distance, n.tile_id) <= max_per_city
                END AS is_wanted
            FROM (
                SELECT e.tile_id, e.city_id, e.distance
                FROM (
                    SELECT t.tile_id, t.city_id, t.embedding_mean, t.embedding_dominant,
                        CASE method
                            WHEN 'mean' THEN t.embedding_mean
                            WHEN 'dominant' THEN t.embedding_dominant
                            ELSE (
                                SELECT a.embedding
                                FROM terrakin.tile_aggregates AS a
                                WHERE a.tile_id = t.tile_id
                                    AND a.method = similar_to_vector.method
                            )
                        END <=> query AS distance
                    FROM terrakin.tiles AS t
                    WHERE (found_by <> 'neighbours' OR t.tile_id = ANY (neighbour_tile_ids[:n_neighbours]))
                        AND (exclude_city_ids IS NULL OR t.city_id <> ALL (exclude_city_ids))
                        AND (exclude_tile_ids IS NULL OR t.tile_id <> ALL (exclude_tile_ids))
                        AND (only_city_ids IS NULL OR t.city_id = ANY (only_city_ids))
                        AND (exclude_near IS NULL OR exclude_within_m = 0 OR NOT ST_DWithin(t.location, exclude_near, exclude_within_m))
                        AND (within IS NULL OR (t.footprint && within AND ST_Intersects(t.location::geometry, within)))
                        AND (similar_to_vector.period IS NULL OR t.period && similar_to_vector.period)
                        AND (min_valid_share IS NULL OR t.valid_share >= min_valid_share)
                ) AS e
                ORDER BY
                    CASE found_by
                        WHEN 'neighbours' THEN array_position(neighbour_tile_ids[:n_neighbours], e.tile_id)
                        WHEN 'index' THEN
                            CASE method
                                WHEN 'mean' THEN e.embedding_mean::halfvec(768)
                                ELSE e.embedding_dominant::halfvec(768)
                            END <=> query::halfvec(768)
                    END
                LIMIT n_wanted
            ) AS n
            -- A tile without the asked aggregate, or with a zero vector, has no similarity.
            WHERE n.distance <> 'NaN'
        ) AS r;

        EXIT WHEN found_by = 'exact'
            OR cardinality(found_tile_ids) >= k
            OR found_by = 'neighbours' AND worst_similarity < min_similarity;
        -- Too few passed the filters. More candidates may do, where the index has them.
        IF found_by = 'index' AND candidates >= n_wanted AND n_wanted * 8 <= max_candidates THEN
            n_wanted := n_wanted * 8;
        ELSIF found_by = 'neighbours' AND n_neighbours < cardinality(neighbour_tile_ids) THEN
            n_neighbours := cardinality(neighbour_tile_ids);
        ELSIF found_by = 'neighbours' AND has_index AND NOT api.has_few_tiles(only_city_ids, within, few) THEN
            found_by := 'index';
            n_wanted := greatest(60, 3 * k::bigint);
        ELSE
            found_by := 'exact';
            n_wanted := NULL;
        END IF;
    END LOOP;

    RETURN QUERY
    SELECT f.ordinality::integer, t.tile_id, t.city_id, c.name, c.country_code, f.similarity,
        ST_Distance(t.location, exclude_near), t.footprint, found_by, candidates
    FROM unnest(found_tile_ids, found_similarities) WITH ORDINALITY AS f(tile_id, similarity, ordinality)
    JOIN terrakin.tiles AS t ON t.tile_id = f.tile_id
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    ORDER BY f.ordinality;
END;
$$;

COMMENT ON FUNCTION api.similar_to_vector IS
'The k tiles most like a vector (768 numbers, post-processed as terrakin.encoder says), best first: exactly min(k, eligible tiles) rows, '
'ties by tile_id. method: mean, dominant, median, min or max, the tile vectors to compare with. '
'exclude_near with exclude_within_m: leave out tiles whose centre is nearer than so many geodesic metres. '
'exclude_city_ids, exclude_tile_ids: leave these out. max_per_city: at most so many tiles of one city. '
'countries (ISO codes), continents (English names): only these. within: only tiles whose centre lies in this geometry (EPSG:4326; across the antimeridian: longitudes beyond 180). '
'period: only tiles whose composite has days in it. min_valid_share: only tiles with at least this share (0..1) of clear pixels. '
'min_similarity: only tiles at least so alike. exact: compare with every tile, without the vector index. '
'neighbour_tile_ids: the tiles most like the query of all but the excluded cities, in order, where they are known (terrakin.tile_neighbours). '
'similarity: cosine, -1 to 1; distance_m: geodesic metres from exclude_near, NULL without it. found_by says how the answer was made: '
'neighbours (known beforehand, exact), index (the vector index, approximate) or exact; candidates: how many tiles were compared on full vectors. '
'Wrong arguments raise SQLSTATE 22023.';
