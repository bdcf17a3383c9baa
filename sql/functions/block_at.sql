-- requires: functions/block_footprint.sql
-- requires: functions/tile_at.sql
-- requires: functions/tile_cell.sql
-- requires: internal/block_ids.sql
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
    CROSS JOIN LATERAL api.tile_cell(t.tile_id) AS c
    CROSS JOIN LATERAL ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), c.srid) AS p
    -- The edges of a footprint are straight in degrees, those of a cell in UTM: a position may lie a few metres outside.
    CROSS JOIN LATERAL (
        SELECT (t.tile_id << 6) + (
            least(greatest(floor(((c."row" + 1) * 2240 - ST_Y(p)) / 320), 0), 6) * 7
            + least(greatest(floor((ST_X(p) - c.col * 2240) / 320), 0), 6)
        )::bigint AS block_id
    ) AS b
    WHERE b.block_id = ANY (internal.block_ids(t.tile_id));
$$;

COMMENT ON FUNCTION api.block_at IS
'Return the block that contains a position (degrees, EPSG:4326), of the newest tile there. No row if there is none.';
