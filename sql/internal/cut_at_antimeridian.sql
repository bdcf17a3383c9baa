CREATE OR REPLACE FUNCTION internal.cut_at_antimeridian(shape geometry)
RETURNS geometry
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
-- A function in SQL would be planned again for every block.
BEGIN
    IF ST_XMax(shape) - ST_XMin(shape) > 180 THEN
        RETURN ST_Multi(ST_WrapX(ST_ShiftLongitude(shape), 180, -360));
    END IF;
    RETURN ST_Multi(shape);
END;
$$;

COMMENT ON FUNCTION internal.cut_at_antimeridian IS
'Return a small area (EPSG:4326) as a MultiPolygon. If its corners lie on both sides of the antimeridian, so that its
outline would run round the Earth, it is cut there. internal.wrap_longitudes is for areas that people draw.';
