-- Which places look like this one? The twenty matches of the tile at a position, none within 100 km, at most three per city.
-- Change: lon and lat (degrees, EPSG:4326); here the first tile of the largest city that has tiles.
-- similarity: cosine, -1 to 1. distance_m: geodesic metres from the position. compared: number of tiles compared.
WITH place AS (
    SELECT o.lon, o.lat
    FROM api.city_overview AS c
    JOIN api.tile_overview AS o ON o.city_id = c.city_id
    ORDER BY c.population DESC NULLS LAST, o.tile_id
    LIMIT 1
)
SELECT s.rank, s.tile_id, s.city, s.country_code, s.similarity, s.distance_m, s.compared
FROM place AS p
CROSS JOIN LATERAL api.similar_at(p.lon, p.lat, exclude_within_m => 100000, max_per_city => 3) AS s
ORDER BY s.rank;
