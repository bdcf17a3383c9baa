-- requires: types/search_anchor.sql
-- requires: types/search_plan.sql
CREATE OR REPLACE FUNCTION internal.compared_keys(
    plan internal.search_plan, anchor internal.search_anchor, min_valid_share double precision
)
RETURNS TABLE (item_id bigint, city_id bigint, distance double precision, location geometry)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = public, pg_temp
-- Citus sends a statement to the workers as it is planned: with values in place of parameters.
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    -- Citus joins neither lists nor tiles with distributed keys row by row: their numbers are looked up first.
    list_ids constant integer[] := CASE WHEN plan.parent_ids IS NOT NULL THEN ARRAY(
        SELECT l.list_id
        FROM terrakin.embedding_lists AS l
        WHERE l.set_id = plan.set_id AND l.parent_id IS NOT NULL
        ORDER BY l.parent_id <> ALL (plan.parent_ids), l.centroid <#> plan.key
    ) END;
    tile_ids constant bigint[] := CASE WHEN plan.composite_ids IS NOT NULL THEN ARRAY(
        SELECT t.tile_id FROM terrakin.tiles AS t WHERE t.composite_id = ANY (plan.composite_ids)
    ) END;
    -- Each round asks all workers. A filter that few keys pass needs many lists.
    n_lists integer := 64;
    n_read integer := 0;
    n_round bigint;
    n_compared bigint := 0;
    some_list_ids integer[];
BEGIN
    LOOP
        some_list_ids := list_ids[n_read + 1 : n_read + n_lists];
        RETURN QUERY
        SELECT e.item_id, e.city_id, 1 + (e.key <#> plan.key) AS distance,
            CASE WHEN NOT plan.is_measured AND e.location && plan.near THEN e.location END AS location
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = plan.set_id
            AND (list_ids IS NULL OR e.list_id = ANY (some_list_ids))
            AND (plan.indexed_city_ids IS NULL OR e.city_id = ANY (plan.indexed_city_ids))
            AND (plan.first_country_number IS NULL
                OR e.country_number BETWEEN plan.first_country_number AND plan.last_country_number)
            AND (plan.only_country_numbers IS NULL OR e.country_number = ANY (plan.only_country_numbers))
            AND (plan.exclude_country_numbers IS NULL OR e.country_number <> ALL (plan.exclude_country_numbers))
            AND (plan.only_city_ids IS NULL OR e.city_id + 0 = ANY (plan.only_city_ids))
            AND (plan.exclude_city_ids IS NULL OR e.city_id <> ALL (plan.exclude_city_ids))
            AND (anchor.item_ids IS NULL OR e.item_id <> ALL (anchor.item_ids))
            AND (plan.exclude_within_m IS NULL OR NOT e.location && plan.near OR NOT (e.location && plan.nearest
                OR plan.is_measured AND ST_DWithin(e.location::geography, anchor.location, plan.exclude_within_m)))
            AND (plan.indexed_within IS NULL OR e.location && plan.indexed_within)
            AND (plan.within IS NULL OR ST_X(e.location) BETWEEN ST_XMin(plan.within) AND ST_XMax(plan.within)
                AND ST_Y(e.location) BETWEEN ST_YMin(plan.within) AND ST_YMax(plan.within)
                AND (plan.within_is_box OR ST_Intersects(e.location, plan.within)))
            AND (tile_ids IS NULL OR CASE WHEN plan.is_ranked_again THEN e.item_id ELSE e.item_id >> 6 END = ANY (tile_ids))
            AND (min_valid_share IS NULL OR e.valid_share >= min_valid_share)
        -- A search takes the first max_compared keys: of whole lists, these should be the nearest.
        ORDER BY CASE WHEN plan.max_compared IS NOT NULL THEN 1 + (e.key <#> plan.key) END
        LIMIT plan.max_compared;
        GET DIAGNOSTICS n_round = ROW_COUNT;
        n_compared := n_compared + n_round;
        n_read := n_read + n_lists;
        EXIT WHEN list_ids IS NULL OR n_read >= cardinality(list_ids) OR n_compared >= plan.max_compared;
        n_lists := 4 * n_lists;
    END LOOP;
END;
$$;

COMMENT ON FUNCTION internal.compared_keys IS
'Return the keys that a search compares, with their cosine distances: those in the nearest lists that pass the filters.
Lists are read whole, in rounds, until there are max_compared keys; of each round, the nearest keys come first. Those with
a location may be nearer than exclude_within_m: their distance is still to be measured.';
