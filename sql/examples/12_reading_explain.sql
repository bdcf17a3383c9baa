-- Reading EXPLAIN: does a question use the vector index? "Index Scan using ix_tiles_embedding_mean_hnsw" says yes. "Seq Scan" and
-- "Sort" mean that every tile is compared: right for few tiles or a selective filter, slow for a million. "Rows Removed by Filter"
-- are candidates that the filter threw away. Our functions say the same in found_by; auto_explain shows the plans inside them.
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT t.tile_id
FROM terrakin.tiles AS t
ORDER BY t.embedding_mean::halfvec(768)
    <=> (SELECT q.embedding_mean::halfvec(768) FROM terrakin.tiles AS q ORDER BY q.tile_id LIMIT 1)
LIMIT 20;
