-- requires: internal/compared_keys.sql
-- requires: internal/describe_matches.sql
-- requires: internal/full_cities.sql
-- requires: internal/next_round.sql
-- requires: internal/plan_search.sql
-- requires: internal/rank_matches.sql
-- requires: types/match.sql
-- requires: types/search_anchor.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION internal.search(anchor internal.search_anchor, filters internal.search_filters)
RETURNS SETOF internal.match
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
-- Custom plans fold filters that are NULL out of the ranking statement.
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
-- A limit ends the statement long before its estimated cost, for which it would be compiled.
SET jit = off
AS $$
DECLARE
    p internal.search_plan := internal.plan_search(anchor, filters);
    n_compared bigint;
    item_ids bigint[];
    city_ids bigint[];
    similarities double precision[];
BEGIN
    LOOP
        WITH compared AS (
            -- The row after the last key is there unless the limit comes first. Without a limit, its number counts the keys.
            SELECT c.item_id, c.city_id, c.distance, c.location,
                CASE WHEN p.max_compared IS NULL THEN row_number() OVER () - 1 END AS n_before
            FROM (
                SELECT k.item_id, k.city_id, k.distance, k.location
                FROM internal.compared_keys(p, anchor, filters.min_valid_share) AS k
                UNION ALL
                SELECT NULL, NULL, -1, NULL
            ) AS c
            LIMIT p.max_compared
        ),
        ranked AS (
            SELECT b.item_id, b.city_id, b.distance, b.n_before, CASE WHEN p.max_per_tile IS NOT NULL
                THEN row_number() OVER (PARTITION BY b.item_id >> 6 ORDER BY b.distance, b.item_id) END AS place
            FROM (
                SELECT c.item_id, c.city_id, c.distance, c.location, c.n_before FROM compared AS c
                WHERE filters.min_similarity IS NULL OR p.is_ranked_again OR c.distance <= 1 - filters.min_similarity
                ORDER BY CASE WHEN p.max_ranked > 0 THEN c.distance END, CASE WHEN p.max_ranked > 0 THEN c.item_id END
                LIMIT p.max_ranked + 1
            ) AS b
            WHERE ST_DWithin(b.location::geography, anchor.location, p.exclude_within_m) IS NOT TRUE
        ),
        placed AS (
            SELECT r.item_id, r.city_id, r.distance, r.n_before, CASE WHEN filters.max_per_city IS NOT NULL
                THEN row_number() OVER (PARTITION BY r.city_id ORDER BY r.distance, r.item_id) END AS place
            FROM ranked AS r WHERE p.max_per_tile IS NULL OR r.place <= p.max_per_tile
        )
        SELECT item_ids || array_agg(s.item_id) FILTER (WHERE s.item_id IS NOT NULL),
            city_ids || array_agg(s.city_id) FILTER (WHERE s.item_id IS NOT NULL),
            similarities || array_agg(1 - s.distance) FILTER (WHERE s.item_id IS NOT NULL),
            CASE WHEN bool_or(s.item_id IS NULL) THEN min(s.n_before) FILTER (WHERE s.item_id IS NULL) ELSE p.max_compared END
        INTO item_ids, city_ids, similarities, n_compared
        FROM (
            SELECT r.item_id, r.city_id, r.distance, r.n_before FROM placed AS r
            -- Ranked by whole vectors, other tiles of a city may be its best.
            WHERE filters.max_per_city IS NULL OR r.place <= filters.max_per_city + 4 * p.is_ranked_again::integer
            ORDER BY r.distance, r.item_id LIMIT p.n_short + 1
        ) AS s;
        IF n_compared IS NULL THEN
            SELECT count(*) INTO n_compared FROM internal.compared_keys(p, anchor, filters.min_valid_share);
        END IF;
        SELECT * FROM internal.rank_matches(item_ids, city_ids, similarities, anchor.embedding, filters)
        INTO item_ids, city_ids, similarities;
        EXIT WHEN cardinality(item_ids) >= filters.k
            OR (n_compared < p.max_compared) IS NOT FALSE AND (p.is_ranked_again OR (n_compared <= p.max_ranked) IS NOT FALSE);
        -- Cities that are full keep their matches; the next round compares the others.
        SELECT * FROM internal.full_cities(item_ids, city_ids, similarities, filters.max_per_city)
        INTO item_ids, city_ids, similarities;
        p := internal.next_round(p, city_ids, n_compared, filters.min_similarity);
    END LOOP;
    RETURN QUERY SELECT * FROM internal.describe_matches(p, filters.unit, anchor.location, item_ids, similarities,
        p.n_compared_before + n_compared, p.n_compared_before = 0 AND (n_compared < p.max_compared) IS NOT FALSE);
END;
$$;

COMMENT ON FUNCTION internal.search IS
'Return the min(k, eligible) matches of an anchor that pass the filters, best first, ties by tile_id or block_id. Every
search for similar tiles or blocks ends here. An invalid filter raises SQLSTATE 22023.';
