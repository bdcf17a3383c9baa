-- requires: functions/tile_at.sql
-- requires: internal/block_of_tile.sql
CREATE OR REPLACE FUNCTION internal.picture_of_item(location geometry, footprint geometry)
RETURNS TABLE (tile_id bigint, block_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
ROWS 1
AS $$
    SELECT t.tile_id, CASE WHEN ST_Area(picture_of_item.footprint::geography) < 1e6 THEN internal.block_of_tile(t.tile_id, p.lon, p.lat) END
    FROM (SELECT ST_X(location), ST_Y(location)) AS p(lon, lat)
    CROSS JOIN LATERAL api.tile_at(p.lon, p.lat) AS t
    JOIN terrakin.tile_thumbnails AS h ON h.tile_id = t.tile_id;
$$;

COMMENT ON FUNCTION internal.picture_of_item IS
'Return the newest tile at the centre of an imported item (api.imported_overview), if it has a thumbnail, and the block
there of an item of less than 1 km2, whose surroundings show it. No row if there is none.';
