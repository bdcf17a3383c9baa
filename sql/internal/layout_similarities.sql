-- requires: internal/key_of.sql
-- requires: internal/map_question.sql
-- requires: internal/set_id.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.layout_similarities(query json)
RETURNS TABLE (tile_id bigint, similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 50000
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    question record := internal.map_question(query);
    anchor internal.search_anchor := question.anchor;
    question_method text := question.method;
    used_set_id integer;
    query_key halfvec;
BEGIN
    IF anchor.embedding IS NULL THEN
        RAISE EXCEPTION 'the % to compare with is unknown', CASE
            WHEN query ->> 'concept' IS NOT NULL THEN 'concept' WHEN query ->> 'key' IS NOT NULL THEN 'key' ELSE question.unit
        END
            USING ERRCODE = 'P0002', HINT = 'The data may have changed since it was found: search again.';
    END IF;
    IF question.unit NOT IN ('tile', 'block') THEN
        RAISE EXCEPTION 'the layout has no items of imported set %', quote_literal(question.unit)
            USING ERRCODE = '22023', HINT = 'The layout shows tiles: ask by unit tile or block.';
    END IF;
    IF question.unit = 'tile' AND query ->> 'key' IS NULL AND query ->> 'concept' IS NULL THEN
        RETURN QUERY
        SELECT t.tile_id, nullif(1 - (v.embedding <=> anchor.embedding), 'NaN')
        FROM terrakin.tiles AS t
        LEFT JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = question_method
        WHERE t.umap_x IS NOT NULL AND t.umap_y IS NOT NULL;
        RETURN;
    END IF;
    used_set_id := internal.set_id(question.unit, question_method);
    query_key := l2_normalize(internal.key_of(used_set_id, anchor.embedding));
    RETURN QUERY
    SELECT t.tile_id, k.similarity
    FROM terrakin.tiles AS t
    LEFT JOIN (
        SELECT e.item_id >> CASE question.unit WHEN 'block' THEN 6 ELSE 0 END AS tile_id, max(-(e.key <#> query_key)) AS similarity
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = used_set_id
        GROUP BY 1
    ) AS k ON k.tile_id = t.tile_id
    WHERE t.umap_x IS NOT NULL AND t.umap_y IS NOT NULL;
END;
$$;

COMMENT ON FUNCTION internal.layout_similarities IS
'Return the similarity of every tile of the UMAP layout to a question, the query string of tiles.similarity: cosine, -1 to
1; NULL for a tile without that vector. Tiles are compared by their whole vectors, or by keys with a key or concept; in a question
about blocks, a tile has the similarity of its best block. An unknown tile, block, key or concept raises SQLSTATE P0002; a
missing question, and one about an imported set, raise 22023.';
