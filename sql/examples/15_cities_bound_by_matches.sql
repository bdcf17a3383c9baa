-- Which cities are connected by mutual matches? Pairs of tiles that are both among the other's ten nearest in other cities.
-- One search for each tile of the ten largest cities. Change: the number of cities, or the ten nearest.
WITH chosen AS (
    SELECT c.city_id
    FROM api.city_overview AS c
    WHERE c.n_tiles > 0
    ORDER BY c.population DESC NULLS LAST, c.city_id
    LIMIT 10
),
edge AS MATERIALIZED (
    SELECT t.tile_id AS a, t.city_id AS city_a, s.tile_id AS b, s.city_id AS city_b
    FROM chosen AS c
    JOIN terrakin.tiles AS t ON t.city_id = c.city_id
    CROSS JOIN LATERAL api.similar_tiles(t.tile_id, k => 10, method => 'mean', origin => 'any') AS s
)
SELECT ca.name AS city, cb.name AS other_city, count(*) AS n_mutual
FROM edge AS e
JOIN edge AS back ON back.a = e.b AND back.b = e.a
JOIN terrakin.cities AS ca ON ca.city_id = e.city_a
JOIN terrakin.cities AS cb ON cb.city_id = e.city_b
WHERE e.city_a < e.city_b
GROUP BY ca.name, cb.name
ORDER BY n_mutual DESC, city, other_city
LIMIT 20;
