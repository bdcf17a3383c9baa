-- Which blocks near the roads of my own layer look like this one? Blocks whose centres lie within 500 m of a line.
-- Change: replace the line by your table (SELECT ST_Union(geom) FROM my_schema.my_roads), in EPSG:4326; the block; the 500.
WITH query AS (
    SELECT b.block_id, b.city_id
    FROM api.block_overview AS b
    ORDER BY b.block_id
    LIMIT 1
),
my_roads (geom) AS (
    SELECT ST_MakeLine(b.location ORDER BY b.block_id)
    FROM (
        SELECT o.block_id, o.location
        FROM query AS q
        JOIN api.block_overview AS o ON o.city_id = q.city_id
        ORDER BY o.block_id
        LIMIT 49
    ) AS b
)
SELECT s.rank, s.block_id, s.tile_id, s.similarity, ST_Distance(ST_Centroid(s.footprint)::geography, r.geom::geography) AS road_m
FROM query AS q
CROSS JOIN my_roads AS r
CROSS JOIN LATERAL api.similar_blocks(
    q.block_id, k => 20, max_per_tile => 49, exclude_same_city => false,
    within => ST_Buffer(r.geom::geography, 500)::geometry
) AS s
ORDER BY s.rank;
