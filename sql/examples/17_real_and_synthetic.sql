-- Which real places and which synthetic towns look like this tile? A search finds only tiles of the tile's own origin,
-- unless origin is given: real, synthetic or any (both). Here any: is_synthetic tells them apart.
-- Change: the tile (here the one that the map opens with).
SELECT s.rank, s.tile_id, s.city, o.is_synthetic, s.similarity, s.distance_m
FROM api.similar_tiles(api.start_tile_id(), k => 50, origin => 'any') AS s
JOIN api.tile_overview AS o ON o.tile_id = s.tile_id
ORDER BY s.rank;
