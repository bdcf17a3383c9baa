-- On which continents are the matches of a place? Its 200 best matches per continent, compared with chance.
-- n_tiles: tiles that could be matches: those of other cities, and real if the tile is, synthetic if it is not.
-- n_matches: tiles that are. lift: 1 is chance, 3 is three times as many. Change: the tile.
WITH query AS (
    SELECT t.tile_id, t.city_id, t.is_synthetic
    FROM api.tile_overview AS t
    ORDER BY t.tile_id
    LIMIT 1
),
matches AS (
    SELECT s.tile_id
    FROM query AS q
    CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 200) AS s
),
counted AS (
    SELECT o.continent, count(m.tile_id) AS n_matches, count(*) AS n_tiles
    FROM query AS q
    JOIN api.tile_overview AS o ON o.city_id <> q.city_id AND o.is_synthetic = q.is_synthetic
    LEFT JOIN matches AS m ON m.tile_id = o.tile_id
    GROUP BY o.continent
)
SELECT c.continent, c.n_matches, c.n_tiles,
    round(c.n_matches / nullif(sum(c.n_matches) OVER (), 0) / (c.n_tiles / sum(c.n_tiles) OVER ()), 2) AS lift
FROM counted AS c
ORDER BY c.n_matches DESC, c.continent;
