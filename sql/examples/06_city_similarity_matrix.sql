-- A city-by-city similarity matrix, long form (one row a pair): each city's tiles with their best matches in the other city.
-- It is not symmetric: a village may be all in a metropolis, which is not all in the village. Change: how many cities.
WITH chosen AS (
    SELECT c.city_id, c.city
    FROM api.city_overview AS c
    WHERE c.n_tiles > 0
    ORDER BY c.n_tiles DESC, c.city_id
    LIMIT 8
)
SELECT a.city AS city, s.city AS other_city, s.similarity, s.mean_similarity, s.distance_m
FROM chosen AS a
CROSS JOIN LATERAL api.similar_cities(a.city_id, k => 1000) AS s
JOIN chosen AS b ON b.city_id = s.city_id
ORDER BY a.city, s.similarity DESC;
