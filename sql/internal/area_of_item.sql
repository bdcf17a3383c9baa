CREATE OR REPLACE FUNCTION internal.area_of_item(geom geometry, size_m real)
RETURNS geometry(MultiPolygon, 4326)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT ST_Multi(CASE ST_Dimension(geom)
        WHEN 2 THEN geom
        ELSE ST_Envelope(ST_Buffer(ST_Centroid(geom)::geography, size_m / 2)::geometry)
    END);
$$;

COMMENT ON FUNCTION internal.area_of_item IS
'Return what the vector of an imported item describes: its polygon, or a square of this side around its point.';
