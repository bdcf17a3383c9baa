CREATE OR REPLACE FUNCTION api.tile_at(lon double precision, lat double precision)
RETURNS TABLE (
    tile_id bigint, city_id bigint, city text, country_code text, period daterange, footprint geometry(MultiPolygon, 4326)
)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT t.tile_id, t.city_id, c.name, c.country_code, t.period, t.footprint
    FROM terrakin.tiles AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    WHERE ST_Intersects(t.footprint, ST_SetSRID(ST_MakePoint(lon, lat), 4326))
    ORDER BY lower(t.period) DESC, t.tile_id
    LIMIT 1;
$$;

COMMENT ON FUNCTION api.tile_at IS
'Return the newest tile whose footprint contains a position (degrees, EPSG:4326). No row if there is none.';
