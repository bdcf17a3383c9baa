-- requires: functions/tile_at.sql
-- requires: internal/anchor_of_tile.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_position(lon double precision, lat double precision, method text)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    query_tile_id bigint := (SELECT a.tile_id FROM api.tile_at(lon, lat) AS a);
BEGIN
    IF query_tile_id IS NULL THEN
        RAISE EXCEPTION 'no tile at lon %, lat %', coalesce(lon::text, 'NULL'), coalesce(lat::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = 'Give degrees in EPSG:4326, longitude first; api.city_overview lists where tiles are.';
    END IF;
    RETURN internal.anchor_of_tile(query_tile_id, method);
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_position IS
'Return the anchor of a search for tiles similar to the newest tile at a position (degrees, EPSG:4326). A position
without a tile raises SQLSTATE P0002.';
