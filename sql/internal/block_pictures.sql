-- requires: functions/block_cell.sql
-- requires: functions/tile_cell.sql
-- requires: functions/tile_id.sql
CREATE OR REPLACE FUNCTION internal.block_pictures(block_id bigint)
RETURNS TABLE (webp bytea, left_px integer, top_px integer)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    -- A block is 32 px wide, a tile 224 px; rows of tiles count from the south, rows of blocks from the north.
    SELECT h.webp, p.left_px, p.top_px
    FROM api.block_cell(block_pictures.block_id) AS b
    CROSS JOIN LATERAL api.tile_cell(b.tile_id) AS c
    CROSS JOIN generate_series(-1, 1) AS east
    CROSS JOIN generate_series(-1, 1) AS north
    CROSS JOIN LATERAL (
        SELECT 224 * east - 32 * (b.col - 1) AS left_px, -224 * north - 32 * (b."row" - 1) AS top_px
    ) AS p
    JOIN terrakin.tile_thumbnails AS h ON h.tile_id = CASE
        WHEN c."row" + north BETWEEN 0 AND 8191 AND c.col + east BETWEEN 0 AND 1023
            THEN api.tile_id(c.zone, c.is_south, c."row" + north, c.col + east, c.month)
    END
    WHERE p.left_px BETWEEN -223 AND 95 AND p.top_px BETWEEN -223 AND 95;
$$;

COMMENT ON FUNCTION internal.block_pictures IS
'Return the thumbnails that the surroundings of a block lie in, of its tile and of neighbours of the same month: 96 x 96
px (960 m) with the block in the middle. left_px and top_px are where the north-west corner of each lies in them.';
