-- A body after RETURN is parsed when the function is created: no search path changes it, and it is merged into the
-- statement that calls it. The bits are those of api.tile_id and, below them, of api.block_cell.
CREATE OR REPLACE FUNCTION internal.block_square(block_id bigint)
RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ST_MakeEnvelope(
    (block_id >> 18 & 1023) * 2240 + (block_id & 63) % 7 * 320,
    ((block_id >> 28 & 8191) + 1) * 2240 - ((block_id & 63) / 7 + 1) * 320,
    (block_id >> 18 & 1023) * 2240 + ((block_id & 63) % 7 + 1) * 320,
    ((block_id >> 28 & 8191) + 1) * 2240 - (block_id & 63) / 7 * 320,
    (CASE WHEN (block_id >> 41 & 1) = 1 THEN 32701 ELSE 32601 END + (block_id >> 42))::integer
);

COMMENT ON FUNCTION internal.block_square IS
'Return the square of a block, 320 m x 320 m, in the UTM projection of its tile.';
