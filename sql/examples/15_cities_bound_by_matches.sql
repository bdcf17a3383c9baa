-- Which cities are connected by mutual matches? Pairs of tiles that are both among the other's ten nearest in other cities.
-- One search for each tile, so choose cities first. Change: the eight cities (here those with the most tiles), the ten.
WITH chosen AS (
    SELECT c.city_id
    FROM api.city_overview AS c
    WHERE c.n_tiles > 0
    ORDER BY c.n_tiles DESC, c.city_id
    LIMIT 8
),
edge AS MATERIALIZED (
    SELECT t.tile_id AS a, s.tile_id AS b, t.city_id AS city_a, s.city_id AS city_b
    FROM terrakin.tiles AS t
    CROSS JOIN LATERAL api.similar_tiles(t.tile_id, k => 10, method => 'mean', origin => 'any') AS s
    WHERE t.city_id IN (SELECT c.city_id FROM chosen AS c)
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
