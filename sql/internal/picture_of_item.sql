-- requires: functions/tile_at.sql
-- requires: internal/block_of_tile.sql
-- requires: views/imported_overview.sql
CREATE OR REPLACE FUNCTION internal.picture_of_item(unit text, item_id bigint)
RETURNS TABLE (tile_id bigint, block_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
ROWS 1
AS $$
    SELECT t.tile_id, CASE WHEN ST_Area(i.footprint::geography) < 1e6 THEN internal.block_of_tile(t.tile_id, i.lon, i.lat) END
    FROM api.imported_overview AS i
    CROSS JOIN LATERAL api.tile_at(i.lon, i.lat) AS t
    JOIN terrakin.tile_thumbnails AS h ON h.tile_id = t.tile_id
    WHERE i.unit = picture_of_item.unit AND i.item_id = picture_of_item.item_id;
$$;

COMMENT ON FUNCTION internal.picture_of_item IS
'Return the newest tile at the centre of an imported item, if it has a thumbnail, and the block there of an item of less
than 1 km2, whose surroundings show it. No row if there is none.';
