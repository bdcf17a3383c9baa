-- requires: internal/box_around.sql
-- requires: internal/set_id.sql
CREATE OR REPLACE FUNCTION internal.imported_item_at(lon double precision, lat double precision, unit text)
RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_variable
DECLARE
    set_id constant integer := internal.set_id(unit, 'imported');
    max_m constant double precision := 5000;
    query_location constant geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
BEGIN
    RETURN (
        SELECT n.item_id
        FROM (
            SELECT e.item_id, ST_Distance(e.location::geography, query_location::geography) AS distance_m
            FROM terrakin.embedding_keys AS e
            WHERE e.set_id = set_id AND e.location && internal.box_around(query_location::geography, max_m)
        ) AS n
        WHERE n.distance_m <= max_m
        ORDER BY n.distance_m, n.item_id
        LIMIT 1
    );
END;
$$;

COMMENT ON FUNCTION internal.imported_item_at IS
'Return the item of an imported set whose centre is nearest to a position (degrees, EPSG:4326); NULL if none lies within
5 km.';
