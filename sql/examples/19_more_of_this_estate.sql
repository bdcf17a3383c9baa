-- Where is more of this estate? The blocks of 320 m most similar to the block at a position, one per tile, in all cities.
-- A tile is a district; a block is an estate, a basin of a harbour or a piece of a forest. No row without blocks.
-- Change: lon and lat (degrees, EPSG:4326); here the last block. max_per_tile => 49 finds all blocks of a large estate.
WITH place AS (
    SELECT b.lon, b.lat
    FROM api.block_overview AS b
    ORDER BY b.block_id DESC
    LIMIT 1
)
SELECT s.rank, s.block_id, s.city, s.country_code, s.similarity, s.distance_m, s.footprint
FROM place AS p
CROSS JOIN LATERAL api.similar_at(
    p.lon, p.lat, unit => 'block', exclude_same_city => false, exclude_within_m => 1000
) AS s
ORDER BY s.rank;
