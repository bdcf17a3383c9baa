DROP FUNCTION IF EXISTS api.wrap_longitudes(geometry);

CREATE FUNCTION api.wrap_longitudes(shape geometry)
RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN ST_XMin(shape) < -180 OR ST_XMax(shape) > 180 THEN ST_WrapX(ST_WrapX(shape, 180, -360), -180, 360)
        ELSE shape
    END;
$$;

COMMENT ON FUNCTION api.wrap_longitudes IS
'A geometry (EPSG:4326) drawn across the antimeridian, with longitudes beyond 180 or -180 degrees, cut there and moved into -180..180. '
'Every other geometry is returned as it is: an edge from 179 to -179 runs the long way round, through Greenwich.';
