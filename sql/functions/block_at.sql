-- requires: functions/block_footprint.sql
-- requires: functions/tile_at.sql
-- requires: internal/block_ids.sql
-- requires: internal/block_of_tile.sql
CREATE OR REPLACE FUNCTION api.block_at(lon double precision, lat double precision)
RETURNS TABLE (
    block_id bigint, tile_id bigint, city_id bigint, city text, country_code text, period daterange,
    footprint geometry(MultiPolygon, 4326)
)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT b.block_id, t.tile_id, t.city_id, t.city, t.country_code, t.period, api.block_footprint(b.block_id)
    FROM api.tile_at(lon, lat) AS t
    CROSS JOIN LATERAL internal.block_of_tile(t.tile_id, lon, lat) AS b(block_id)
    WHERE b.block_id = ANY (internal.block_ids(t.tile_id));
$$;

COMMENT ON FUNCTION api.block_at IS
'Return the block that contains a position (degrees, EPSG:4326), of the newest tile there. No row if there is none.';
