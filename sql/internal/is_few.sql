CREATE OR REPLACE FUNCTION internal.is_few(set_id integer, unit text, city_ids bigint[], within geometry)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_variable
DECLARE
    -- So many keys are compared faster by place than by list: 4,000 tiles, or the 49 blocks of each of 600 tiles.
    few constant integer := CASE unit WHEN 'block' THEN 600 ELSE 4000 END;
    n_items bigint;
BEGIN
    IF city_ids IS NULL AND within IS NULL THEN
        RETURN false;
    END IF;
    IF unit NOT IN ('tile', 'block') THEN
        SELECT count(*)
        INTO n_items
        FROM (
            SELECT
            FROM terrakin.embedding_keys AS e
            WHERE e.set_id = set_id AND e.location && within AND ST_Intersects(e.location, within)
            LIMIT few + 1
        ) AS f;
        RETURN n_items <= few;
    END IF;
    SELECT count(*)
    INTO n_items
    FROM (
        SELECT
        FROM terrakin.tiles AS t
        WHERE (city_ids IS NULL OR t.city_id = ANY (city_ids))
            AND (within IS NULL OR (t.footprint && within AND ST_Intersects(t.location::geometry, within)))
        LIMIT few + 1
    ) AS f;
    RETURN n_items <= few;
END;
$$;

COMMENT ON FUNCTION internal.is_few IS
'Return whether so few tiles or blocks lie in these cities (NULL: any) and in this geometry (EPSG:4326; NULL: anywhere)
that comparing all of them is faster than reading the nearest lists. False if both are NULL.';
