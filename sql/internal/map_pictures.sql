-- requires: functions/tile_cell.sql
-- requires: internal/map_envelope.sql
CREATE OR REPLACE FUNCTION internal.map_pictures(z integer, x integer, y integer)
RETURNS TABLE (tile_id bigint, webp bytea, corners geometry)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT n.tile_id, h.webp, ST_Affine(
        ST_Transform(ST_SetSRID(ST_MakeLine(ARRAY[
            ST_MakePoint(n.west, n.north), ST_MakePoint(n.west + 2240, n.north), ST_MakePoint(n.west, n.north - 2240)
        ]), n.srid), 3857),
        1 / n.width, 0, 0, -1 / n.width, -ST_XMin(n.envelope) / n.width, ST_YMax(n.envelope) / n.width
    )
    FROM (
        -- The newest tile of each cell.
        SELECT DISTINCT ON (c.srid, c."row", c.col)
            t.tile_id, c.srid, c.col * 2240.0 AS west, (c."row" + 1) * 2240.0 AS north, e.envelope,
            ST_XMax(e.envelope) - ST_XMin(e.envelope) AS width
        FROM (SELECT internal.map_envelope(z, x, y)) AS e(envelope)
        JOIN terrakin.tiles AS t ON t.footprint && ST_Transform(e.envelope, 4326)
        CROSS JOIN LATERAL api.tile_cell(t.tile_id) AS c
        ORDER BY c.srid, c."row", c.col, lower(t.period) DESC, t.tile_id DESC
    ) AS n
    JOIN terrakin.tile_thumbnails AS h ON h.tile_id = n.tile_id
    ORDER BY n.tile_id;
$$;

COMMENT ON FUNCTION internal.map_pictures IS
'Return the thumbnails in a map tile (zoom z, EPSG:3857), of the newest tile of each cell, and where they lie in it:
corners is a line from the north-west to the north-east and the south-west corner of the cell, in widths of the map
tile from its north-west corner.';
