-- Where a place has its matches: how many of its 200 nearest lie on each continent, and how many would by chance.
-- n_tiles: tiles that could be matches: all but those of the tile's own city, which the question leaves out.
-- lift: 1 is chance, 3 is three times as many. Change: the tile.
WITH query AS (
    SELECT t.tile_id, t.city_id
    FROM terrakin.tiles AS t
    ORDER BY t.tile_id
    LIMIT 1
),
matches AS (
    SELECT s.tile_id
    FROM query AS q
    CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 200) AS s
),
counted AS (
    SELECT o.continent, count(k.tile_id) AS n_neighbours, count(*) AS n_tiles
    FROM api.tile_overview AS o
    LEFT JOIN matches AS k ON k.tile_id = o.tile_id
    WHERE o.city_id <> (SELECT q.city_id FROM query AS q)
    GROUP BY o.continent
)
SELECT c.continent, c.n_neighbours, c.n_tiles,
    round(c.n_neighbours / nullif(sum(c.n_neighbours) OVER (), 0) / (c.n_tiles / sum(c.n_tiles) OVER ()), 2) AS lift
FROM counted AS c
ORDER BY c.n_neighbours DESC, c.continent;
