-- requires: functions/tile_cell.sql
CREATE OR REPLACE FUNCTION internal.block_of_tile(tile_id bigint, lon double precision, lat double precision)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    -- The edges of a footprint are straight in degrees, those of a cell in UTM: a position may lie a few metres outside.
    SELECT (block_of_tile.tile_id << 6) + (
        least(greatest(floor(((c."row" + 1) * 2240 - ST_Y(p)) / 320), 0), 6) * 7
        + least(greatest(floor((ST_X(p) - c.col * 2240) / 320), 0), 6)
    )::bigint
    FROM api.tile_cell(block_of_tile.tile_id) AS c
    CROSS JOIN LATERAL ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), c.srid) AS p;
$$;

COMMENT ON FUNCTION internal.block_of_tile IS
'Return the id of the block in a tile that contains a position (degrees, EPSG:4326), or is nearest to it, whether or not
the block exists.';
