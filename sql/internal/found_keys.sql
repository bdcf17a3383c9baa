-- No search path of its own, which would keep the planner from merging it into api.find.
CREATE OR REPLACE FUNCTION internal.found_keys(
    set_id integer,
    direction halfvec,
    threshold double precision,
    near_list_ids integer[],
    only_city_ids bigint[],
    exclude_city_ids bigint[],
    only_country_numbers integer[],
    exclude_country_numbers integer[],
    within geometry,
    min_valid_share double precision
)
RETURNS TABLE (item_id bigint, city_id bigint, country_number integer, location geometry, similarity double precision)
LANGUAGE sql STABLE PARALLEL SAFE
ROWS 1000
AS $$
    SELECT e.item_id, e.city_id, e.country_number, e.location, e.similarity
    FROM (
        -- The lists nearest to the direction come first, and with them the first rows.
        SELECT k.item_id, k.city_id, k.country_number, k.location, k.valid_share,
            -(k.key <#> found_keys.direction) AS similarity
        FROM terrakin.embedding_keys AS k
        WHERE k.set_id = found_keys.set_id AND k.list_id = ANY (found_keys.near_list_ids)
            AND -(k.key <#> found_keys.direction) >= found_keys.threshold
            AND (found_keys.within IS NULL OR ST_Intersects(k.location, found_keys.within))
        UNION ALL
        SELECT k.item_id, k.city_id, k.country_number, k.location, k.valid_share, -(k.key <#> found_keys.direction)
        FROM terrakin.embedding_keys AS k
        WHERE k.set_id = found_keys.set_id AND k.list_id <> ALL (found_keys.near_list_ids)
            AND -(k.key <#> found_keys.direction) >= found_keys.threshold
            AND (found_keys.within IS NULL OR ST_Intersects(k.location, found_keys.within))
        -- Not merged, so that the set is known before its partition is chosen.
        OFFSET 0
    ) AS e
    WHERE (found_keys.only_city_ids IS NULL OR e.city_id = ANY (found_keys.only_city_ids))
        AND (found_keys.exclude_city_ids IS NULL OR e.city_id <> ALL (found_keys.exclude_city_ids))
        AND (found_keys.only_country_numbers IS NULL OR e.country_number = ANY (found_keys.only_country_numbers))
        AND (found_keys.exclude_country_numbers IS NULL OR e.country_number <> ALL (found_keys.exclude_country_numbers))
        AND (found_keys.min_valid_share IS NULL OR e.valid_share >= found_keys.min_valid_share);
$$;

COMMENT ON FUNCTION internal.found_keys IS
'Return the keys of a set that are at least as similar to a direction as a threshold and pass the filters, those in the
nearest lists first. No filter: NULL.';
