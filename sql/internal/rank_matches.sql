-- requires: types/search_filters.sql
-- requires: views/imported_vectors.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.rank_matches(
    INOUT item_ids bigint[],
    INOUT city_ids bigint[],
    INOUT similarities double precision[],
    embedding vector,
    filters internal.search_filters
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
-- One plan for every search: it skips the other branches of the view.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    -- The index of an array is an integer.
    max_matches constant integer := least(filters.k, 2147483647);
BEGIN
    SELECT (array_agg(f.item_id ORDER BY f.similarity DESC, f.item_id))[:max_matches],
        (array_agg(f.city_id ORDER BY f.similarity DESC, f.item_id))[:max_matches],
        (array_agg(f.similarity ORDER BY f.similarity DESC, f.item_id))[:max_matches]
    INTO item_ids, city_ids, similarities
    FROM (
        SELECT r.item_id, r.city_id, r.similarity,
            row_number() OVER (PARTITION BY r.city_id ORDER BY r.similarity DESC, r.item_id) AS place
        FROM (
            SELECT i.item_id, i.city_id, CASE filters.unit
                WHEN 'tile' THEN (
                    SELECT 1 - (v.embedding <=> embedding)
                    FROM api.tile_vectors AS v
                    WHERE v.tile_id = i.item_id AND v.method = filters.method
                )
                WHEN 'block' THEN i.similarity
                ELSE (
                    SELECT 1 - (v.embedding <=> embedding)
                    FROM api.imported_vectors AS v
                    WHERE v.unit = filters.unit AND v.item_id = i.item_id
                )
            END AS similarity
            FROM unnest(item_ids, city_ids, similarities) AS i(item_id, city_id, similarity)
        ) AS r
        WHERE filters.min_similarity IS NULL OR r.similarity >= filters.min_similarity
    ) AS f
    WHERE filters.max_per_city IS NULL OR f.place <= filters.max_per_city;
END;
$$;

COMMENT ON FUNCTION internal.rank_matches IS
'Return the ids, cities and similarities of the best k of these tiles or blocks that pass min_similarity and max_per_city,
best first, ties by id. Similarities of blocks stay as they
are; all others are compared again by their whole vectors.';
