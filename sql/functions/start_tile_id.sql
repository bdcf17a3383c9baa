CREATE OR REPLACE FUNCTION api.start_tile_id()
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT t.tile_id
    FROM (
        -- Composites first: ordering all tiles takes 0.2 s.
        SELECT m.composite_id, c.is_synthetic
        FROM terrakin.composites AS m
        JOIN terrakin.cities AS c ON c.city_id = m.city_id
        WHERE EXISTS (SELECT FROM terrakin.tiles AS o WHERE o.composite_id = m.composite_id)
        ORDER BY c.is_synthetic, m.valid_share DESC, c.population DESC NULLS LAST, m.composite_id
        LIMIT 50
    ) AS m
    JOIN terrakin.tiles AS t ON t.composite_id = m.composite_id
    LEFT JOIN terrakin.tile_thumbnails AS h ON h.tile_id = t.tile_id
    ORDER BY m.is_synthetic, t.valid_share < 0.95, octet_length(h.webp) DESC NULLS LAST, t.tile_id
    LIMIT 1;
$$;

COMMENT ON FUNCTION api.start_tile_id IS
'Return the tile that the map opens with: of a real place rather than a synthetic town, with at least 95 % valid pixels,
and with the largest thumbnail file, which is that of the richest picture. Only the 50 composites with the largest
valid_share are compared. NULL without tiles.';
