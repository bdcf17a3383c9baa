-- How does a search find its matches, and what does a filter cost? This is its ranking statement for tiles, in short.
-- Keys lie in lists around centroids. The nested loop reads the lists from the nearest centroid outwards, by the index
-- on (list_id, country_number, city_id), and ends when 4,000 keys that pass the filter are compared: a filter costs the
-- rows that it discards ("Rows Removed by Filter"). If the limit is not reached, every eligible key was compared:
-- is_exact.
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
WITH query AS MATERIALIZED (
    SELECT e.set_id, e.city_id, e.key
    FROM terrakin.embedding_keys AS e
    JOIN terrakin.embedding_sets AS s ON s.set_id = e.set_id
    WHERE s.is_current AND s.unit = 'tile' AND s.method = 'mean'
    ORDER BY e.item_id
    LIMIT 1
)
SELECT c.item_id, c.distance
FROM (
    SELECT k.item_id, k.distance
    FROM (
        SELECT l.list_id
        FROM terrakin.embedding_lists AS l
        WHERE l.set_id = (SELECT q.set_id FROM query AS q) AND l.parent_id IS NOT NULL
        ORDER BY l.centroid <#> (SELECT q.key FROM query AS q)
    ) AS l
    CROSS JOIN LATERAL (
        SELECT e.item_id, e.key <=> (SELECT q.key FROM query AS q) AS distance
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = (SELECT q.set_id FROM query AS q)
            AND e.list_id = l.list_id
            AND e.city_id <> (SELECT q.city_id FROM query AS q)
        OFFSET 0
    ) AS k
    LIMIT 4000
) AS c
ORDER BY c.distance
LIMIT 20;
