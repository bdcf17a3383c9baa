-- Which tiles changed between two periods? Pairs of tiles of the same grid cell, least similar first.
-- Seasons change a place too: compare the same months of two years. No row if only one period is loaded.
-- Tiles of unknown date are left out.
SELECT a.tile_id AS earlier_tile_id, b.tile_id AS later_tile_id, a.period AS earlier, b.period AS later,
    api.similarity(a.tile_id, b.tile_id) AS similarity, a.footprint
FROM api.tile_overview AS a
CROSS JOIN LATERAL api.tile_cell(a.tile_id) AS ca
JOIN api.tile_overview AS b ON b.city_id = a.city_id AND lower(b.period) > lower(a.period)
CROSS JOIN LATERAL api.tile_cell(b.tile_id) AS cb
WHERE a.is_date_known
    AND b.is_date_known
    AND (ca.srid, ca."row", ca.col) = (cb.srid, cb."row", cb.col)
ORDER BY similarity, a.tile_id
LIMIT 50;
