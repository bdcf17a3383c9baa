-- requires: functions/tile_embedding.sql
-- requires: internal/default_method.sql
-- requires: views/tile_vectors.sql
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
    SELECT t.tile_id, nullif(1 - (v.embedding <=> query), 'NaN')
    FROM terrakin.tiles AS t
    LEFT JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = used_method;
END;
$$;

COMMENT ON FUNCTION api.similarities IS
'Return the similarity of every tile to one tile, itself included: cosine of the full vectors, -1 to 1; NULL for a tile
without that vector.
method: as in api.tile_embedding. An unknown tile raises SQLSTATE P0002, an unknown method 22023.';
