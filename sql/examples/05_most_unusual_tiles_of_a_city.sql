-- Which tiles of a city are the most unusual? Those whose best match in any other city is the least similar.
-- Change: the city (here the one with the most tiles). One search for each tile.
WITH city AS (
    SELECT t.city_id
    FROM terrakin.tiles AS t
    GROUP BY t.city_id
    ORDER BY count(*) DESC, t.city_id
    LIMIT 1
)
SELECT t.tile_id, t.lon, t.lat, s.similarity AS similarity_of_best_match, s.tile_id AS best_match_tile_id,
    s.city AS best_match_city
FROM api.tile_overview AS t
CROSS JOIN LATERAL api.similar_tiles(t.tile_id, k => 1) AS s
WHERE t.city_id = (SELECT c.city_id FROM city AS c)
ORDER BY s.similarity, t.tile_id
LIMIT 10;
