-- Matches on other continents only: what looks like this tile, as far away in culture and climate as possible.
-- Change: the tile (here the first of the table). continents takes the English names of terrakin.countries.
-- No row where all tiles lie on one continent: an empty array lets nothing in, where NULL would let everything in.
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
