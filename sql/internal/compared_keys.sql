-- requires: types/search_anchor.sql
-- requires: types/search_plan.sql
-- No search path of its own, which would keep the planner from merging it into the statement that calls it.
CREATE OR REPLACE FUNCTION internal.compared_keys(
    plan internal.search_plan, anchor internal.search_anchor, min_valid_share double precision
)
RETURNS TABLE (item_id bigint, city_id bigint, distance double precision, location geometry)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT c.item_id, c.city_id, c.distance, c.location
    FROM (
        -- The nearest lists first: the limit ends the loop over them. One list of all keys, if they are few.
        (SELECT l.list_id FROM terrakin.embedding_lists AS l
        WHERE l.set_id = plan.set_id AND l.parent_id = ANY (plan.parent_ids) ORDER BY l.centroid <#> plan.key)
        UNION ALL
        (SELECT l.list_id FROM terrakin.embedding_lists AS l
        WHERE l.set_id = plan.set_id AND plan.parent_ids IS NOT NULL AND l.parent_id <> ALL (plan.parent_ids)
        ORDER BY l.centroid <#> plan.key)
        UNION ALL
        SELECT NULL WHERE plan.parent_ids IS NULL
    ) AS l
    CROSS JOIN LATERAL (
        -- Keys have unit length: 1 minus the inner product is the cosine distance.
        SELECT e.item_id, e.city_id, 1 + (e.key <#> plan.key) AS distance,
            CASE WHEN NOT plan.is_measured AND e.location && plan.near THEN e.location END AS location
        FROM unnest(plan.city_ranges) AS r
        JOIN terrakin.embedding_keys AS e ON cardinality(plan.city_ranges) = 1
            OR (e.country_number, e.city_id) > (r.after_country_number, r.after_city_id)
            AND (e.country_number, e.city_id) < (r.before_country_number, r.before_city_id)
        WHERE e.set_id = plan.set_id
            AND (plan.parent_ids IS NULL OR e.list_id = l.list_id)
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
            AND (plan.composite_ids IS NULL OR (
                SELECT t.composite_id FROM terrakin.tiles AS t
                WHERE t.tile_id = CASE WHEN plan.is_ranked_again THEN e.item_id ELSE e.item_id >> 6 END
            ) = ANY (plan.composite_ids))
            AND (min_valid_share IS NULL OR e.valid_share >= min_valid_share)
        OFFSET 0
    ) AS c
    LIMIT plan.max_compared;
$$;

COMMENT ON FUNCTION internal.compared_keys IS
'Return the keys that a search compares, with their cosine distances: those in the nearest lists that pass the filters,
at most max_compared, in no order. Those with a location may be nearer than exclude_within_m: their distance is still to
be measured.';
