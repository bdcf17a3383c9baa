-- requires: internal/default_method.sql
-- requires: internal/set_id.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION api.tile_embedding(tile_id bigint, method text DEFAULT NULL)
RETURNS vector
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    used_method text := coalesce(method, internal.default_method());
    embedding vector;
BEGIN
    PERFORM internal.set_id('tile', used_method);
    SELECT v.embedding
    INTO embedding
    FROM api.tile_vectors AS v
    WHERE v.tile_id = tile_embedding.tile_id
        AND v.method = used_method;
    IF embedding IS NULL THEN
        RAISE EXCEPTION 'tile % does not exist or has no % vector', coalesce(tile_id::text, 'NULL'), used_method
            USING ERRCODE = 'P0002', HINT = 'api.tile_at(lon, lat) finds the tile at a position; api.tile_overview lists all tiles.';
    END IF;
    RETURN embedding;
END;
$$;

COMMENT ON FUNCTION api.tile_embedding IS
'Return the vector of a tile: 768 numbers. method: mean, dominant, median, min, max, std or mean_std; NULL:
terrakin.encoder.default_method. mean_std is the mean and the std vector, each of unit length, one after the other:
1,536 numbers, so that its cosine is the mean of both cosines.
An unknown tile raises SQLSTATE P0002, an unknown method 22023.';
