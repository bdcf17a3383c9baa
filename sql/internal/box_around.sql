CREATE OR REPLACE FUNCTION internal.box_around(location geography, distance_m double precision)
RETURNS geometry
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    extent constant box3d := box3d(location::geometry);
    -- The shortest degree of latitude, at the equator, has 110,574 m.
    reach_deg constant double precision := distance_m / 110574;
    south constant double precision := ST_YMin(extent) - reach_deg;
    north constant double precision := ST_YMax(extent) + reach_deg;
    west double precision := -180;
    east double precision := 180;
BEGIN
    -- Around a pole, all longitudes are near. A degree of longitude is shortest at the latitude farthest from the equator.
    IF greatest(north, -south) < 90 THEN
        west := ST_XMin(extent) - reach_deg / cosd(greatest(north, -south));
        east := ST_XMax(extent) + reach_deg / cosd(greatest(north, -south));
    END IF;
    IF west < -180 OR east > 180 THEN
        west := -180;
        east := 180;
    END IF;
    RETURN ST_MakeEnvelope(west, south, east, north, 4326);
END;
$$;

COMMENT ON FUNCTION internal.box_around IS
'Return a box in EPSG:4326 that holds everything within this distance of a location: all longitudes where it reaches a
pole or the antimeridian.';
