CREATE OR REPLACE FUNCTION internal.map_envelope(z integer, x integer, y integer)
RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN z BETWEEN 0 AND 30 AND x BETWEEN 0 AND (1 << z) - 1 AND y BETWEEN 0 AND (1 << z) - 1
            THEN ST_TileEnvelope(z, x, y)
    END;
$$;

COMMENT ON FUNCTION internal.map_envelope IS
'Return the square (EPSG:3857) of a vector tile; NULL outside the world, for which ST_TileEnvelope raises.';
