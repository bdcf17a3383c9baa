CREATE OR REPLACE FUNCTION api.block_cell(block_id bigint)
RETURNS TABLE (tile_id bigint, "row" integer, col integer)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
ROWS 1
AS $$
BEGIN
    tile_id := block_id >> 6;
    "row" := (block_id & 63) / 7;
    col := (block_id & 63) % 7;
    RETURN NEXT;
END;
$$;

COMMENT ON FUNCTION api.block_cell IS
'Return the parts of a block_id: the tile, and row and col among its 7 x 7 blocks of 320 m, from the north-west corner.
block_id = tile_id * 64 + row * 7 + col; 48 bits, so exact in JavaScript.';
