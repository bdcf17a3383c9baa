-- How far can the UMAP scatter plot be trusted? It flattens 768 dimensions to two, so some points only look like neighbours.
-- n_of_ten_among_fifty: of the ten tiles nearest in the UMAP plane, how many are among the fifty nearest by vector.
-- Change: the number of tiles to test. No row before a layout is made.
WITH tried AS (
    SELECT o.tile_id, o.umap_x, o.umap_y
    FROM api.tile_overview AS o
    WHERE o.umap_x IS NOT NULL
    ORDER BY o.tile_id
    LIMIT 20
)
SELECT t.tile_id, count(s.tile_id) AS n_of_ten_among_fifty
FROM tried AS t
CROSS JOIN LATERAL (
    SELECT n.tile_id
    FROM api.tile_overview AS n
    WHERE n.tile_id <> t.tile_id
    ORDER BY (n.umap_x - t.umap_x) ^ 2 + (n.umap_y - t.umap_y) ^ 2, n.tile_id
    LIMIT 10
) AS near
LEFT JOIN LATERAL api.similar_tiles(
    t.tile_id, k => 50, method => 'mean', exclude_same_city => false, origin => 'any'
) AS s ON s.tile_id = near.tile_id
GROUP BY t.tile_id
ORDER BY n_of_ten_among_fifty, t.tile_id;
