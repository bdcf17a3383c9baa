-- requires: functions/tile_embedding.sql
CREATE OR REPLACE FUNCTION api.similarities(query_tile_id bigint, method text DEFAULT 'mean')
RETURNS TABLE (tile_id bigint, similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 50000
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    query vector := api.tile_embedding(query_tile_id, method);
BEGIN
    RETURN QUERY
    SELECT t.tile_id,
        nullif(1 - (CASE similarities.method
            WHEN 'mean' THEN t.embedding_mean
            WHEN 'dominant' THEN t.embedding_dominant
            ELSE (
                SELECT a.embedding
                FROM terrakin.tile_aggregates AS a
                WHERE a.tile_id = t.tile_id
                    AND a.method = similarities.method
            )
        END <=> query), 'NaN')
    FROM terrakin.tiles AS t;
END;
$$;

COMMENT ON FUNCTION api.similarities IS
'Return the similarity of every tile to one tile, itself included: cosine of the full vectors, -1 to 1; NULL for a tile
without that vector.
method: mean, dominant, median, min or max. An unknown tile raises SQLSTATE P0002, an unknown method 22023.';
