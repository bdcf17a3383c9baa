-- requires: functions/check_search.sql
DROP FUNCTION IF EXISTS api.similar_to_vector(
    vector, integer, text, geography, double precision, bigint[], bigint[], integer, text[], text[], geometry, double precision, boolean
);
DROP FUNCTION IF EXISTS api.similar_to_vector(
    vector, integer, text, geography, double precision, bigint[], bigint[], integer, text[], text[], geometry, daterange,
    double precision, double precision, boolean
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
    exact boolean DEFAULT false
)
RETURNS TABLE (
    rank integer,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    similarity double precision,
    distance_m double precision,
    footprint geometry(Polygon, 4326)
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
    n_candidates bigint := greatest(60, 3 * k::bigint);
    use_index boolean;
    found_tile_ids bigint[];
    found_similarities double precision[];
BEGIN
    PERFORM api.check_search(query, k, method, exclude_within_m, max_per_city, within, min_valid_share, min_similarity);
    IF countries IS NOT NULL OR continents IS NOT NULL THEN
        SELECT coalesce(array_agg(c.city_id), '{}')
        INTO only_city_ids
        FROM terrakin.cities AS c
        JOIN terrakin.countries AS n ON n.code = c.country_code
        WHERE (similar_to_vector.countries IS NULL OR n.code = ANY (similar_to_vector.countries))
            AND (similar_to_vector.continents IS NULL OR n.continent = ANY (similar_to_vector.continents));
    END IF;

    -- One static statement serves both passes, because custom plans fold the CASEs away. First pass: over-fetch from the HNSW
    -- index (halfvec) and rank again on the full vectors. Second pass, where that did not fill k: every tile, exactly.
    use_index := NOT exact AND method IN ('mean', 'dominant');
    LOOP
        SELECT array_agg(r.tile_id ORDER BY r.similarity DESC, r.tile_id), array_agg(r.similarity ORDER BY r.similarity DESC, r.tile_id)
        INTO found_tile_ids, found_similarities
        FROM (
            SELECT p.tile_id, p.similarity
            FROM (
                SELECT n.tile_id, n.similarity,
                    row_number() OVER (PARTITION BY n.city_id ORDER BY n.similarity DESC, n.tile_id) AS place_in_city
                FROM (
                    SELECT t.tile_id, t.city_id,
                        1 - (CASE method
                            WHEN 'mean' THEN t.embedding_mean
                            WHEN 'dominant' THEN t.embedding_dominant
                            ELSE (
                                SELECT a.embedding
                                FROM terrakin.tile_aggregates AS a
                                WHERE a.tile_id = t.tile_id
                                    AND a.method = similar_to_vector.method
                            )
                        END <=> query) AS similarity
                    FROM terrakin.tiles AS t
                    WHERE (exclude_city_ids IS NULL OR t.city_id <> ALL (exclude_city_ids))
                        AND (exclude_tile_ids IS NULL OR t.tile_id <> ALL (exclude_tile_ids))
                        AND (only_city_ids IS NULL OR t.city_id = ANY (only_city_ids))
                        AND (exclude_near IS NULL OR exclude_within_m = 0 OR NOT ST_DWithin(t.location, exclude_near, exclude_within_m))
                        AND (within IS NULL OR (t.footprint && within AND ST_Intersects(t.location::geometry, within)))
                        AND (similar_to_vector.period IS NULL OR t.period && similar_to_vector.period)
                        AND (min_valid_share IS NULL OR t.valid_share >= min_valid_share)
                    ORDER BY CASE WHEN use_index THEN
                        CASE method
                            WHEN 'mean' THEN t.embedding_mean::halfvec(768)
                            ELSE t.embedding_dominant::halfvec(768)
                        END <=> query::halfvec(768)
                    END
                    LIMIT CASE WHEN use_index THEN n_candidates END
                ) AS n
                -- A tile without the asked aggregate, or with a zero vector, has no similarity.
                WHERE n.similarity >= coalesce(min_similarity, '-Infinity')
                    AND n.similarity <> 'NaN'
            ) AS p
            WHERE max_per_city IS NULL OR p.place_in_city <= max_per_city
            ORDER BY p.similarity DESC, p.tile_id
            LIMIT k
        ) AS r;
        EXIT WHEN NOT use_index OR coalesce(cardinality(found_tile_ids), 0) >= k;
        use_index := false;
    END LOOP;

    RETURN QUERY
    SELECT f.ordinality::integer, t.tile_id, t.city_id, c.name, c.country_code, f.similarity,
        ST_Distance(t.location, exclude_near), t.footprint
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
'countries (ISO codes), continents (English names): only these. within: only tiles whose centre lies in this geometry (EPSG:4326). '
'period: only tiles whose composite has days in it. min_valid_share: only tiles with at least this share (0..1) of clear pixels. '
'min_similarity: only tiles at least so alike. exact: compare with every tile, without the vector index. '
'similarity: cosine, -1 to 1; distance_m: geodesic metres from exclude_near, NULL without it. Wrong arguments raise SQLSTATE 22023.';
