-- requires: internal/block_square.sql
-- requires: internal/cut_at_antimeridian.sql
CREATE OR REPLACE FUNCTION api.block_footprint(block_id bigint)
RETURNS geometry(MultiPolygon, 4326)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN internal.cut_at_antimeridian(ST_Transform(internal.block_square(block_id), 4326));

COMMENT ON FUNCTION api.block_footprint IS
'Return the outline of a block, 320 m x 320 m: its four UTM corners in EPSG:4326, cut in two at the antimeridian. It is
computed from the id, whether or not the block exists.';
