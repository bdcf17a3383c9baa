-- requires: functions/block_at.sql
-- requires: functions/tile_at.sql
-- requires: internal/anchor_of_items.sql
-- requires: internal/imported_item_at.sql
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
        WHEN 'tile' THEN (SELECT a.tile_id FROM api.tile_at(lon, lat) AS a)
        ELSE internal.imported_item_at(lon, lat, unit)
    END;
    IF item_id IS NULL AND unit NOT IN ('tile', 'block') THEN
        RAISE EXCEPTION 'imported set % has no item within 5 km of lon %, lat %', quote_literal(unit),
            coalesce(lon::text, 'NULL'), coalesce(lat::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = 'Give degrees in EPSG:4326, longitude first; api.imported_overview lists where items are.';
    ELSIF item_id IS NULL THEN
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
