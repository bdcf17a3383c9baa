-- Where a place has its kin: how many of its 200 nearest lie on each continent, and how many would by chance.
-- lift: 1 is chance, 3 is three times as many. Change: the tile.
WITH kin AS (
    SELECT s.tile_id
    FROM (SELECT t.tile_id FROM terrakin.tiles AS t ORDER BY t.tile_id LIMIT 1) AS q
    CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 200) AS s
)
SELECT o.continent, count(k.tile_id) AS n_kin, count(*) AS n_tiles,
    round(count(k.tile_id)::numeric / nullif((SELECT count(*) FROM kin), 0) / (count(*)::numeric / sum(count(*)) OVER ()), 2) AS lift
FROM api.tile_overview AS o
LEFT JOIN kin AS k ON k.tile_id = o.tile_id
GROUP BY o.continent
ORDER BY n_kin DESC, o.continent;
