CREATE OR REPLACE FUNCTION internal.wrap_longitudes(shape geometry)
RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN ST_XMin(shape) < -180 OR ST_XMax(shape) > 180 THEN ST_WrapX(ST_WrapX(shape, 180, -360), -180, 360)
        ELSE shape
    END;
$$;

COMMENT ON FUNCTION internal.wrap_longitudes IS
'Return a geometry (EPSG:4326) that was drawn across the antimeridian, with longitudes beyond 180 or -180 degrees, cut
there and moved into -180..180.
Any other geometry is returned unchanged: an edge from 179 to -179 runs the long way round, through Greenwich.';
