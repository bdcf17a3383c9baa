-- requires: internal/describe_matches.sql
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
#variable_conflict use_variable
DECLARE
    p internal.search_plan := internal.plan_search(anchor, filters);
    max_compared bigint := p.max_compared;
    n_compared bigint;
    item_ids bigint[];
    city_ids bigint[];
    similarities double precision[];
    is_per_city constant boolean := filters.max_per_city IS NOT NULL;
BEGIN
    LOOP
        WITH compared AS MATERIALIZED (
            SELECT c.item_id, c.city_id, c.distance FROM (
                -- The nearest lists first: the limit ends the loop over them. One list of all keys, if they are few.
                (SELECT l.list_id FROM terrakin.embedding_lists AS l
                WHERE l.set_id = p.set_id AND l.parent_id = ANY (p.parent_ids) ORDER BY l.centroid <#> p.key)
                UNION ALL
                (SELECT l.list_id FROM terrakin.embedding_lists AS l
                WHERE l.set_id = p.set_id AND l.parent_id <> ALL (p.parent_ids) ORDER BY l.centroid <#> p.key)
                UNION ALL
                SELECT NULL WHERE p.parent_ids IS NULL
            ) AS l
            CROSS JOIN LATERAL (
                -- Keys have unit length: 1 minus the inner product is the cosine distance.
                SELECT e.item_id, e.city_id, 1 + (e.key <#> p.key) AS distance
                FROM terrakin.embedding_keys AS e
                WHERE e.set_id = p.set_id
                    AND (p.parent_ids IS NULL OR e.list_id = l.list_id)
                    AND (p.indexed_city_ids IS NULL OR e.city_id = ANY (p.indexed_city_ids))
                    AND (p.only_city_ids IS NULL OR e.city_id + 0 = ANY (p.only_city_ids))
                    AND (p.exclude_city_ids IS NULL OR e.city_id <> ALL (p.exclude_city_ids))
                    AND (anchor.item_ids IS NULL OR e.item_id <> ALL (anchor.item_ids))
                    AND (p.exclude_within_m IS NULL OR NOT e.location && p.near
                        OR NOT ST_DWithin(e.location::geography, anchor.location, p.exclude_within_m))
                    AND (p.indexed_within IS NULL OR e.location && p.indexed_within)
                    AND (p.within IS NULL OR ST_Intersects(e.location, p.within) IS TRUE)
                    AND (p.composite_ids IS NULL OR (
                        SELECT t.composite_id FROM terrakin.tiles AS t
                        WHERE t.tile_id = CASE WHEN p.is_tile THEN e.item_id ELSE e.item_id >> 6 END
                    ) = ANY (p.composite_ids))
                    AND (filters.min_valid_share IS NULL OR e.valid_share >= filters.min_valid_share)
                OFFSET 0
            ) AS c LIMIT max_compared
        ),
        placed_in_tile AS (
            SELECT b.item_id, b.city_id, b.distance, CASE WHEN p.max_per_tile IS NOT NULL
                THEN row_number() OVER (PARTITION BY b.item_id >> 6 ORDER BY b.distance, b.item_id) END AS place
            FROM (
                SELECT c.item_id, c.city_id, c.distance FROM compared AS c
                ORDER BY CASE WHEN NOT is_per_city THEN c.distance END, CASE WHEN NOT is_per_city THEN c.item_id END
                -- A tile has 49 blocks: so many are those of enough tiles.
                LIMIT CASE WHEN NOT is_per_city THEN CASE WHEN p.is_tile THEN 1 ELSE 49 END * p.n_short END
            ) AS b
        ),
        placed_in_city AS (
            SELECT t.item_id, t.city_id, t.distance, CASE WHEN is_per_city
                THEN row_number() OVER (PARTITION BY t.city_id ORDER BY t.distance, t.item_id) END AS place
            FROM placed_in_tile AS t WHERE p.max_per_tile IS NULL OR t.place <= p.max_per_tile
        )
        SELECT array_agg(s.item_id), array_agg(s.city_id), array_agg(1 - s.distance), (SELECT count(*) FROM compared)
        INTO item_ids, city_ids, similarities, n_compared
        FROM (
            SELECT t.item_id, t.city_id, t.distance FROM placed_in_city AS t
            -- Ranked by whole vectors, other tiles of a city may be its best.
            WHERE NOT is_per_city OR t.place <= filters.max_per_city + 4 * p.is_tile::integer
            ORDER BY t.distance, t.item_id LIMIT p.n_short
        ) AS s;
        SELECT r.item_ids, r.similarities
        INTO item_ids, similarities
        FROM internal.rank_matches(item_ids, city_ids, similarities, anchor.embedding, filters) AS r;
        EXIT WHEN max_compared IS NULL OR n_compared < max_compared OR cardinality(item_ids) >= filters.k;
        max_compared := CASE WHEN filters.min_similarity IS NULL THEN 4 * max_compared END;
    END LOOP;
    RETURN QUERY SELECT * FROM internal.describe_matches(p, anchor.location, item_ids, similarities, n_compared,
        max_compared IS NULL OR n_compared < max_compared);
END;
$$;

COMMENT ON FUNCTION internal.search IS
'Return the min(k, eligible) matches of an anchor that pass the filters, best first, ties by tile_id or block_id. Every
search for similar tiles or blocks ends here. An invalid filter raises SQLSTATE 22023.';
