-- requires: functions/tile_embedding.sql
-- requires: internal/default_method.sql
CREATE OR REPLACE FUNCTION api.similarities(query_tile_id bigint, method text DEFAULT NULL)
RETURNS TABLE (tile_id bigint, similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 50000
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    used_method text := coalesce(method, internal.default_method());
    query vector := api.tile_embedding(query_tile_id, used_method);
BEGIN
    RETURN QUERY
    SELECT t.tile_id,
        nullif(1 - CASE used_method
            WHEN 'mean' THEN t.embedding_mean <=> query
            WHEN 'dominant' THEN t.embedding_dominant <=> query
            WHEN 'mean_std' THEN (
                SELECT ((t.embedding_mean <=> subvector(query, 1, 768)) + (a.embedding <=> subvector(query, 769, 768))) / 2
                FROM terrakin.tile_aggregates AS a
                WHERE a.tile_id = t.tile_id
                    AND a.method = 'std'
            )
            ELSE (
                SELECT a.embedding <=> query
                FROM terrakin.tile_aggregates AS a
                WHERE a.tile_id = t.tile_id
                    AND a.method = used_method
            )
        END, 'NaN')
    FROM terrakin.tiles AS t;
END;
$$;

COMMENT ON FUNCTION api.similarities IS
'Return the similarity of every tile to one tile, itself included: cosine of the full vectors, -1 to 1; NULL for a tile
without that vector.
method: as in api.tile_embedding. An unknown tile raises SQLSTATE P0002, an unknown method 22023.';
