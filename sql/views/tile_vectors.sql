CREATE OR REPLACE VIEW api.tile_vectors AS
SELECT t.tile_id, 'mean' AS method, t.embedding_mean::vector AS embedding
FROM terrakin.tiles AS t
UNION ALL
SELECT t.tile_id, 'dominant', t.embedding_dominant::vector
FROM terrakin.tiles AS t
UNION ALL
SELECT a.tile_id, a.method, a.embedding::vector
FROM terrakin.tile_aggregates AS a
UNION ALL
SELECT t.tile_id, 'mean_std', l2_normalize(t.embedding_mean) || l2_normalize(a.embedding)
FROM terrakin.tiles AS t
JOIN terrakin.tile_aggregates AS a ON a.tile_id = t.tile_id AND a.method = 'std';

COMMENT ON VIEW api.tile_vectors IS
'The vectors of all tiles, one row per tile and method. Select by method: PostgreSQL then reads that vector alone.';
COMMENT ON COLUMN api.tile_vectors.tile_id IS 'The tile.';
COMMENT ON COLUMN api.tile_vectors.method IS 'mean, dominant, median, min, max, std or mean_std.';
COMMENT ON COLUMN api.tile_vectors.embedding IS
'The vector: 768 numbers. mean_std is the mean and the std vector, each of unit length, one after the other: 1,536
numbers, so that its cosine is the mean of both cosines. Compare by cosine (<=>).';
