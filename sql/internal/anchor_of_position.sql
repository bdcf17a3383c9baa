-- requires: functions/block_at.sql
-- requires: functions/tile_at.sql
-- requires: internal/anchor_of_items.sql
-- requires: internal/set_id.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_position(
    lon double precision, lat double precision, unit text, method text
)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    item_id bigint;
BEGIN
    PERFORM internal.set_id(unit, method);
    item_id := CASE unit
        WHEN 'block' THEN (SELECT b.block_id FROM api.block_at(lon, lat) AS b)
        ELSE (SELECT a.tile_id FROM api.tile_at(lon, lat) AS a)
    END;
    IF item_id IS NULL THEN
        RAISE EXCEPTION 'no % at lon %, lat %', unit, coalesce(lon::text, 'NULL'), coalesce(lat::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = CASE
                WHEN EXISTS (SELECT FROM api.tile_at(lon, lat)) THEN
                    'There is a tile: a block needs clear pixels in 75 % of its area, and terrakin etl run to make it.'
                ELSE 'Give degrees in EPSG:4326, longitude first; api.city_overview lists where tiles are.'
            END;
    END IF;
    RETURN internal.anchor_of_items(ARRAY[item_id], '{}', 0, unit, method);
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_position IS
'Return the anchor of a search for what is similar to the newest tile at a position (degrees, EPSG:4326), or to the
block there. A position without one raises SQLSTATE P0002, an unknown unit or method 22023.';
