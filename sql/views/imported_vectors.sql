CREATE OR REPLACE VIEW api.imported_vectors AS
SELECT s.name AS unit, i.item_id, (l2_normalize(i.embedding) - s.mean) * s.weights AS embedding
FROM terrakin.imported_sets AS s
JOIN terrakin.imported_items AS i ON i.imported_set_id = s.imported_set_id
WHERE s.mean IS NOT NULL;

COMMENT ON VIEW api.imported_vectors IS
'The vectors of imported sets as searches compare them: of unit length, then centred or standardised as
terrakin.imported_sets records. terrakin.imported_items has those of the files.';
COMMENT ON COLUMN api.imported_vectors.unit IS 'Name of the set.';
COMMENT ON COLUMN api.imported_vectors.item_id IS 'The item.';
COMMENT ON COLUMN api.imported_vectors.embedding IS 'The vector. Compare by cosine (<=>).';
