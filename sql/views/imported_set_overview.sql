CREATE OR REPLACE VIEW api.imported_set_overview AS
SELECT s.name AS unit, s.layout, s.decoding, s.dimension, s.post_processing, s.size_m, s.source,
    (SELECT coalesce(sum(f.n_items), 0)::bigint FROM terrakin.imported_files AS f WHERE f.imported_set_id = s.imported_set_id) AS n_items,
    (SELECT min(i.item_id) FROM terrakin.imported_items AS i WHERE i.imported_set_id = s.imported_set_id) AS start_item_id
FROM terrakin.imported_sets AS s
WHERE s.is_complete;

COMMENT ON VIEW api.imported_set_overview IS 'Imported sets that can be searched; api.imported_overview has their items.';
COMMENT ON COLUMN api.imported_set_overview.unit IS 'Name of the set, which searches take as their unit.';
COMMENT ON COLUMN api.imported_set_overview.layout IS 'Layout of its files.';
COMMENT ON COLUMN api.imported_set_overview.decoding IS 'How its vectors were made of the numbers in the files.';
COMMENT ON COLUMN api.imported_set_overview.dimension IS 'Number of numbers of a vector.';
COMMENT ON COLUMN api.imported_set_overview.post_processing IS 'What searches compare: none, centred or standardised unit vectors.';
COMMENT ON COLUMN api.imported_set_overview.size_m IS 'Side (metres) of the square around a point that an item describes.';
COMMENT ON COLUMN api.imported_set_overview.source IS 'What the files say of themselves: licence, model, source.';
COMMENT ON COLUMN api.imported_set_overview.n_items IS 'Number of items.';
COMMENT ON COLUMN api.imported_set_overview.start_item_id IS 'The first item: one to begin with. NULL without items.';
