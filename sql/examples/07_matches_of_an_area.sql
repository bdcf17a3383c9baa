-- Which tiles look like an area as a whole, such as a port that covers several tiles? The query is the mean of its tiles.
-- Change: the area (any polygon, EPSG:4326); here 4 km around the first tile.
WITH area AS (
    SELECT ST_Buffer(t.location, 4000)::geometry AS shape
    FROM terrakin.tiles AS t
    ORDER BY t.tile_id
    LIMIT 1
)
SELECT s.rank, s.tile_id, s.city, s.country_code, s.similarity, s.distance_m
FROM area AS a
CROSS JOIN LATERAL api.similar_to_area(a.shape, k => 10, max_per_city => 2) AS s
ORDER BY s.rank;
