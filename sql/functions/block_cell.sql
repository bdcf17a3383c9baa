CREATE OR REPLACE FUNCTION api.block_cell(block_id bigint)
RETURNS TABLE (tile_id bigint, "row" integer, col integer)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT block_id >> 6, (block_id & 63)::integer / 7, (block_id & 63)::integer % 7;
$$;

COMMENT ON FUNCTION api.block_cell IS
'Return the parts of a block_id: the tile, and row and col among its 7 x 7 blocks of 320 m, from the north-west corner.
block_id = tile_id * 64 + row * 7 + col; 48 bits, so exact in JavaScript.';
