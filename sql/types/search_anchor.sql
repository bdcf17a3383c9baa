CREATE TYPE internal.search_anchor AS (
    embedding vector,
    location geography,
    item_ids bigint[],
    city_ids bigint[],
    is_synthetic boolean
);

COMMENT ON TYPE internal.search_anchor IS 'What a search looks for: made by internal.anchor_of_items and its siblings, read by internal.search.';
COMMENT ON COLUMN internal.search_anchor.embedding IS
'Query vector: for tiles 768 numbers, 1,536 for method mean_std; for blocks a vector or a key.';
COMMENT ON COLUMN internal.search_anchor.location IS
'Where the query is: exclude_within_m and distance_m are measured from it. NULL if unknown.';
COMMENT ON COLUMN internal.search_anchor.item_ids IS 'Tiles or blocks that make up the query: never among the matches. It has no NULL.';
COMMENT ON COLUMN internal.search_anchor.city_ids IS 'Cities of the query: left out by exclude_same_city.';
COMMENT ON COLUMN internal.search_anchor.is_synthetic IS
'Whether the cities of the query are synthetic: the origin of a search that names none. NULL if unknown or mixed.';
