CREATE OR REPLACE FUNCTION internal.box_inside(location geography, distance_m double precision)
RETURNS geometry
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    centre constant geometry := ST_GeometryN(location::geometry, 1);
    -- Half the side of a square whose corners are 0.95 of the distance away. No degree has more than 111,700 m.
    reach_deg constant double precision := 0.95 * sqrt(0.5) * distance_m / 111700;
    south constant double precision := greatest(ST_YMin(centre) - reach_deg, -90);
    north constant double precision := least(ST_YMax(centre) + reach_deg, 90);
    -- A degree of longitude is longest at the latitude nearest to the equator.
    reach_lon_deg constant double precision := reach_deg / greatest(cosd(greatest(south, -north, 0)), 1e-9);
BEGIN
    -- The corners of a large square are farther away on a sphere than on a plane. The inside of an area differs, too.
    IF distance_m > 2000000 OR ST_Dimension(centre) > 0 THEN
        RETURN ST_SetSRID('POLYGON EMPTY'::geometry, 4326);
    END IF;
    RETURN ST_MakeEnvelope(
        greatest(ST_X(centre) - reach_lon_deg, -180), south, least(ST_X(centre) + reach_lon_deg, 180), north, 4326
    );
END;
$$;

COMMENT ON FUNCTION internal.box_inside IS
'Return a box in EPSG:4326 all of which is nearer to a point, or to the first of several, than this distance. Empty beyond
2,000 km, and around lines and areas.';
