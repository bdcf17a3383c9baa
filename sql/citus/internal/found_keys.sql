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
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
ROWS 1000
SET search_path = public, pg_temp
-- Citus sends a statement to the workers as it is planned: with values in place of parameters.
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT k.item_id, k.city_id, k.country_number, k.location, -(k.key <#> found_keys.direction)
    FROM terrakin.embedding_keys AS k
    WHERE k.set_id = found_keys.set_id AND -(k.key <#> found_keys.direction) >= found_keys.threshold
        AND (found_keys.only_city_ids IS NULL OR k.city_id = ANY (found_keys.only_city_ids))
        AND (found_keys.exclude_city_ids IS NULL OR k.city_id <> ALL (found_keys.exclude_city_ids))
        AND (found_keys.only_country_numbers IS NULL OR k.country_number = ANY (found_keys.only_country_numbers))
        AND (found_keys.exclude_country_numbers IS NULL OR k.country_number <> ALL (found_keys.exclude_country_numbers))
        AND (found_keys.within IS NULL OR ST_Intersects(k.location, found_keys.within))
        AND (found_keys.min_valid_share IS NULL OR k.valid_share >= found_keys.min_valid_share);
END;
$$;

COMMENT ON FUNCTION internal.found_keys IS
'Return the keys of a set that are at least as similar to a direction as a threshold and pass the filters, in no order and
when all are found. No filter: NULL.';
