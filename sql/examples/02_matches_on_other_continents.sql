-- Which places on other continents look like this tile?
-- Change: the tile (here the first of the table). continents takes the English names in terrakin.countries.
-- No row if all tiles are on one continent: an empty array finds nothing, whereas NULL means no filter.
WITH query AS (
    SELECT o.tile_id, o.continent
    FROM api.tile_overview AS o
    ORDER BY o.tile_id
    LIMIT 1
),
others AS (
    SELECT coalesce(array_agg(DISTINCT c.continent), '{}') AS continents
    FROM terrakin.countries AS c
    WHERE c.continent <> (SELECT q.continent FROM query AS q)
)
SELECT s.rank, s.tile_id, s.city, n.continent, s.similarity, s.distance_m
FROM query AS q
CROSS JOIN others AS o
CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 10, continents => o.continents) AS s
JOIN terrakin.countries AS n ON n.code = s.country_code
ORDER BY s.rank;
