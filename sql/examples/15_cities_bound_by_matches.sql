-- Which cities are connected by mutual matches? Pairs of tiles that are both among the other's ten nearest in other cities.
-- It reads terrakin.tile_neighbours, which `terrakin db index` computes; no row if that is out of date. Change: the ten.
WITH edge AS (
    SELECT n.tile_id AS a, n.neighbour_tile_ids[place] AS b
    FROM terrakin.tile_neighbours AS n
    CROSS JOIN generate_series(1, 10) AS place
    WHERE n.tiles_version = (SELECT v.version FROM terrakin.tiles_version AS v)
)
SELECT ca.name AS city, cb.name AS other_city, count(*) AS n_mutual
FROM edge AS e
JOIN edge AS back ON back.a = e.b AND back.b = e.a
JOIN terrakin.tiles AS ta ON ta.tile_id = e.a
JOIN terrakin.tiles AS tb ON tb.tile_id = e.b
JOIN terrakin.cities AS ca ON ca.city_id = ta.city_id
JOIN terrakin.cities AS cb ON cb.city_id = tb.city_id
WHERE ta.city_id < tb.city_id
GROUP BY ca.name, cb.name
ORDER BY n_mutual DESC, city, other_city
LIMIT 20;
