-- requires: internal/check_search.sql
-- requires: internal/cities_in.sql
-- requires: internal/has_few_tiles.sql
-- requires: internal/wanted_origin.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/match.sql
-- requires: types/search_anchor.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION internal.search(anchor internal.search_anchor, filters internal.search_filters)
RETURNS SETOF internal.match
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
-- Search settings belong to the function, not to the session. Custom plans fold filters that are NULL out of the one
-- static statement, so that the planner finds the index for the others.
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
SET hnsw.iterative_scan = relaxed_order
SET hnsw.ef_search = 200
AS $$
-- Columns are always qualified here, so a bare name is a variable.
#variable_conflict use_variable
DECLARE
    query vector := anchor.embedding;
    query_location geography := anchor.location;
    k integer := filters.k;
    method text := filters.method;
    exclude_within_m double precision := filters.exclude_within_m;
    max_per_city integer := filters.max_per_city;
    within geometry := filters.within;
    period daterange := filters.period;
    min_valid_share double precision := filters.min_valid_share;
    min_similarity double precision := filters.min_similarity;
    mean_query vector;
    std_query vector;
    mean_weight double precision;
    std_weight double precision;
    only_city_ids bigint[];
    asked_city_ids bigint[];
    exclude_city_ids bigint[];
    exclude_tile_ids bigint[];
    -- Neighbours are known by embedding_mean and among other cities only.
    neighbour_tile_ids bigint[] := CASE WHEN filters.exclude_same_city AND method = 'mean' THEN anchor.neighbour_tile_ids END;
    n_neighbours integer := least(240, greatest(60, 3 * k::bigint));
    has_index boolean;
    found_by text;
    candidates bigint;
    n_wanted bigint;
    worst_similarity double precision;
    found_tile_ids bigint[];
    found_similarities double precision[];
    -- So few tiles are compared faster than anything is looked up.
    very_few constant integer := 1000;
    -- Comparing so many takes 0.3 s and finds the best, where the index would discard most of the tiles it visits.
    few constant integer := 100000;
    -- More candidates than this from the index cost as much as comparing all tiles.
    max_candidates constant integer := 4000;
BEGIN
    PERFORM internal.check_search(query, filters);
    IF k = 0 THEN
        RETURN;
    END IF;
    IF method = 'mean_std' THEN
        -- The cosine with a vector of two unit halves is the weighted mean of the cosines with each half: four times as
        -- fast as joining the halves of every tile.
        mean_query := subvector(query, 1, 768);
        std_query := subvector(query, 769, 768);
        mean_weight := vector_norm(mean_query) / vector_norm(query) / sqrt(2);
        std_weight := vector_norm(std_query) / vector_norm(query) / sqrt(2);
        -- A half that is zero has no cosine, and no weight.
        mean_query := CASE WHEN mean_weight > 0 THEN mean_query ELSE std_query END;
        std_query := CASE WHEN std_weight > 0 THEN std_query ELSE mean_query END;
    END IF;
    IF within IS NOT NULL THEN
        within := internal.wrap_longitudes(within);
    END IF;
    -- An origin leaves many tiles, and a search that names none has one too: by itself it is no reason to compare all tiles.
    asked_city_ids := internal.cities_in(filters.countries, filters.continents);
    only_city_ids := internal.cities_in(
        filters.countries, filters.continents, internal.wanted_origin(filters.origin, anchor.is_synthetic)
    );
    -- x <> ALL (an array with a NULL) is never true.
    exclude_city_ids := array_remove(
        filters.exclude_city_ids
        || CASE WHEN filters.exclude_same_city THEN anchor.city_ids END
        || internal.cities_in(filters.exclude_countries, NULL),
        NULL
    );
    exclude_tile_ids := array_remove(anchor.tile_ids, NULL);
    -- Only mean and dominant have an index, and after DROP INDEX not even these.
    has_index := to_regclass(format('terrakin.ix_tiles_embedding_%s_hnsw', method)) IS NOT NULL;
    found_by := CASE
        WHEN filters.exact THEN 'exact'
        WHEN internal.has_few_tiles(only_city_ids, within, very_few) THEN 'exact'
        WHEN neighbour_tile_ids IS NOT NULL THEN 'neighbours'
        WHEN NOT has_index OR internal.has_few_tiles(asked_city_ids, within, few) THEN 'exact'
        ELSE 'index'
    END;
    -- Neighbours whose similarities agree to six decimals are in the order of tile_id: a few more, ranked again, correct that.
    n_wanted := CASE
        WHEN found_by = 'index' THEN greatest(60, 3 * k::bigint)
        WHEN found_by = 'neighbours' AND max_per_city IS NULL THEN k::bigint + 8
    END;

    -- One static statement serves every pass, because custom plans fold the CASEs away: the known neighbours; candidates
    -- of the HNSW index (halfvec), ranked again on the full vectors; or every tile.
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
                            WHEN 'mean' THEN t.embedding_mean <=> query
                            WHEN 'dominant' THEN t.embedding_dominant <=> query
                            WHEN 'mean_std' THEN (
                                SELECT 1 - mean_weight * (1 - (t.embedding_mean <=> mean_query))
                                    - std_weight * (1 - (a.embedding <=> std_query))
                                FROM terrakin.tile_aggregates AS a
                                WHERE a.tile_id = t.tile_id
                                    AND a.method = 'std'
                            )
                            ELSE (
                                SELECT a.embedding <=> query
                                FROM terrakin.tile_aggregates AS a
                                WHERE a.tile_id = t.tile_id
                                    AND a.method = method
                            )
                        END AS distance
                    FROM terrakin.tiles AS t
                    WHERE (found_by <> 'neighbours' OR t.tile_id = ANY (neighbour_tile_ids[:n_neighbours]))
                        AND (exclude_city_ids IS NULL OR t.city_id <> ALL (exclude_city_ids))
                        AND (exclude_tile_ids IS NULL OR t.tile_id <> ALL (exclude_tile_ids))
                        AND (only_city_ids IS NULL OR t.city_id = ANY (only_city_ids))
                        AND (query_location IS NULL OR exclude_within_m = 0 OR NOT ST_DWithin(t.location, query_location, exclude_within_m))
                        AND (within IS NULL OR (t.footprint && within AND ST_Intersects(t.location::geometry, within)))
                        AND (period IS NULL OR (t.period && period AND t.composite_id NOT IN (
                            SELECT m.composite_id FROM terrakin.composites AS m WHERE NOT m.is_date_known
                        )))
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
            -- A tile without the wanted aggregate, or with a zero vector, has no similarity.
            WHERE n.distance <> 'NaN'
        ) AS r;

        EXIT WHEN found_by = 'exact'
            OR cardinality(found_tile_ids) >= k
            OR found_by = 'neighbours' AND worst_similarity < min_similarity;
        -- Too few passed the filters. Ask for more candidates if the index has them.
        IF found_by = 'index' AND candidates >= n_wanted AND n_wanted * 8 <= max_candidates THEN
            n_wanted := n_wanted * 8;
        ELSIF found_by = 'neighbours' AND n_neighbours < cardinality(neighbour_tile_ids) THEN
            n_neighbours := cardinality(neighbour_tile_ids);
        ELSIF found_by = 'neighbours' AND has_index AND NOT internal.has_few_tiles(asked_city_ids, within, few) THEN
            found_by := 'index';
            n_wanted := greatest(60, 3 * k::bigint);
        ELSE
            found_by := 'exact';
            n_wanted := NULL;
        END IF;
    END LOOP;

    RETURN QUERY
    SELECT f.ordinality::integer, t.tile_id, t.city_id, c.name, c.country_code, f.similarity,
        ST_Distance(t.location, query_location), t.footprint, found_by, candidates
    FROM unnest(found_tile_ids, found_similarities) WITH ORDINALITY AS f(tile_id, similarity, ordinality)
    JOIN terrakin.tiles AS t ON t.tile_id = f.tile_id
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    ORDER BY f.ordinality;
END;
$$;

COMMENT ON FUNCTION internal.search IS
'Return the min(k, eligible tiles) matches of an anchor that pass the filters, best first, ties by tile_id. Every
search for similar tiles ends here.
An invalid filter raises SQLSTATE 22023.';
