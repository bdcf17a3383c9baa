-- Which tiles look like this one in content, and which in texture? Two tiles of the same content may differ in texture.
-- mean compares what a tile is made of on average, std how much that varies within it; the cosine of mean_std is the
-- mean of both. No row if no tile has an std vector. Change: the tile (here the first that has one).
WITH query AS (
    SELECT a.tile_id
    FROM terrakin.tile_aggregates AS a
    WHERE a.method = 'std'
    ORDER BY a.tile_id
    LIMIT 1
)
SELECT s.rank, s.tile_id, s.city, s.similarity, api.similarity(q.tile_id, s.tile_id, 'mean') AS content,
    api.similarity(q.tile_id, s.tile_id, 'std') AS texture
FROM query AS q
CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 20, method => 'mean_std') AS s
ORDER BY s.rank;
