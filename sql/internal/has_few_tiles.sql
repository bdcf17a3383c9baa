CREATE OR REPLACE FUNCTION internal.has_few_tiles(only_city_ids bigint[], within geometry, few integer)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    n_tiles bigint;
BEGIN
    IF only_city_ids IS NULL AND within IS NULL THEN
        RETURN false;
    END IF;
    SELECT count(*)
    INTO n_tiles
    FROM (
        SELECT
        FROM terrakin.tiles AS t
        WHERE (only_city_ids IS NULL OR t.city_id = ANY (only_city_ids))
            AND (within IS NULL OR (t.footprint && within AND ST_Intersects(t.location::geometry, within)))
        LIMIT few + 1
    ) AS f;
    RETURN n_tiles <= few;
END;
$$;

COMMENT ON FUNCTION internal.has_few_tiles IS
'Return whether at most this many tiles lie in these cities (NULL: any) and have their centres in this geometry
(EPSG:4326; NULL: anywhere).
False if both are NULL. A search among few tiles compares all of them, found by city or place, instead of asking the
vector index.';
