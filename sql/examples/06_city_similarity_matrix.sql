-- How similar are cities to each other? A matrix in long form, one row per pair of cities.
-- Not symmetric: all of a village may have matches in a metropolis, but not the other way round.
-- Change: the number of cities (here the eight with the most tiles).
WITH chosen AS (
    SELECT c.city_id, c.city
    FROM api.city_overview AS c
    WHERE c.n_tiles > 0
    ORDER BY c.n_tiles DESC, c.city_id
    LIMIT 8
)
SELECT a.city AS city, s.city AS other_city, s.similarity, s.mean_similarity, s.distance_m
FROM chosen AS a
CROSS JOIN LATERAL api.similar_cities(a.city_id, k => 1000, origin => 'any') AS s
JOIN chosen AS b ON b.city_id = s.city_id
ORDER BY a.city, s.similarity DESC;
