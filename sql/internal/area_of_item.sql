CREATE OR REPLACE FUNCTION internal.area_of_item(geom geometry, size_m real)
RETURNS geometry(MultiPolygon, 4326)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT ST_Multi(CASE ST_Dimension(geom)
        WHEN 2 THEN geom
        ELSE ST_Expand(c.centre, d.half / greatest(cos(radians(ST_Y(c.centre))), 0.01), d.half)
    END)
    FROM (SELECT ST_Centroid(geom)) AS c(centre)
    -- A degree of latitude on a sphere with the mean radius of the Earth (6,371,008.8 m).
    CROSS JOIN (SELECT size_m / 2 / 111195) AS d(half);
$$;

COMMENT ON FUNCTION internal.area_of_item IS
'Return what the vector of an imported item describes: its polygon, or a square of this side around its point.';
