-- requires: functions/block_cell.sql
-- requires: functions/tile_cell.sql
-- requires: internal/cut_at_antimeridian.sql
CREATE OR REPLACE FUNCTION api.block_footprint(block_id bigint)
RETURNS geometry(MultiPolygon, 4326)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
-- SQL functions would be planned again for every block.
BEGIN
    RETURN internal.cut_at_antimeridian((
        SELECT ST_Transform(ST_MakeEnvelope(c.west, c.north - 320, c.west + 320, c.north, c.srid), 4326)
        FROM (
            SELECT t.col * 2240 + b.col * 320 AS west, (t."row" + 1) * 2240 - b."row" * 320 AS north, t.srid
            FROM api.block_cell(block_footprint.block_id) AS b
            CROSS JOIN LATERAL api.tile_cell(b.tile_id) AS t
        ) AS c
    ));
END;
$$;

COMMENT ON FUNCTION api.block_footprint IS
'Return the outline of a block, 320 m x 320 m: its four UTM corners in EPSG:4326, cut in two at the antimeridian. It is
computed from the id, whether or not the block exists.';
