-- Does my query use the HNSW index of `terrakin db index --hnsw`? "Index Scan using ix_tiles_embedding_mean_hnsw" in the plan means yes.
-- "Seq Scan" with "Sort" means that every tile is compared: right for few tiles or a selective filter, slow for a million.
-- "Rows Removed by Filter" counts candidates that a filter discarded. The functions of schema api read lists of keys
-- instead, and report the number in compared; auto_explain shows the plans inside them.
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT t.tile_id
FROM terrakin.tiles AS t
ORDER BY t.embedding_mean::halfvec(768)
    <=> (SELECT q.embedding_mean::halfvec(768) FROM terrakin.tiles AS q ORDER BY q.tile_id LIMIT 1)
LIMIT 20;
