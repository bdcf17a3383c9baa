-- requires: functions/tile_embedding.sql
-- requires: internal/method_or_default.sql
CREATE OR REPLACE FUNCTION api.similarities(query_tile_id bigint, method text DEFAULT NULL)
RETURNS TABLE (tile_id bigint, similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 50000
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    used_method text := internal.method_or_default(method);
    query vector := api.tile_embedding(query_tile_id, used_method);
BEGIN
    RETURN QUERY
    SELECT t.tile_id,
        nullif(1 - (CASE used_method
            WHEN 'mean' THEN t.embedding_mean
            WHEN 'dominant' THEN t.embedding_dominant
            WHEN 'mean_std' THEN (
                SELECT l2_normalize(t.embedding_mean) || l2_normalize(a.embedding)
                FROM terrakin.tile_aggregates AS a
                WHERE a.tile_id = t.tile_id
                    AND a.method = 'std'
            )
            ELSE (
                SELECT a.embedding
                FROM terrakin.tile_aggregates AS a
                WHERE a.tile_id = t.tile_id
                    AND a.method = used_method
            )
        END <=> query), 'NaN')
    FROM terrakin.tiles AS t;
END;
$$;

COMMENT ON FUNCTION api.similarities IS
'Return the similarity of every tile to one tile, itself included: cosine of the full vectors, -1 to 1; NULL for a tile
without that vector.
method: as in api.tile_embedding. An unknown tile raises SQLSTATE P0002, an unknown method 22023.';
