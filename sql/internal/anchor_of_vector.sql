-- requires: functions/tile_at.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_vector(query_vector vector, lon double precision, lat double precision)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    location geography := ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography;
    city_ids bigint[] := ARRAY(SELECT a.city_id FROM api.tile_at(lon, lat) AS a);
BEGIN
    RETURN ROW(query_vector, location, NULL, city_ids, NULL)::internal.search_anchor;
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_vector IS
'Return the anchor of a search for what is similar to a vector that was made at a position (degrees, EPSG:4326; NULL if
unknown), such as an uploaded chip.';
