CREATE OR REPLACE FUNCTION api.tile_embedding(tile_id bigint, method text DEFAULT 'mean')
RETURNS vector
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    embedding vector;
BEGIN
    IF method IN ('mean', 'dominant') THEN
        SELECT CASE tile_embedding.method WHEN 'mean' THEN t.embedding_mean ELSE t.embedding_dominant END
        INTO embedding
        FROM terrakin.tiles AS t
        WHERE t.tile_id = tile_embedding.tile_id;
    ELSIF method IN ('median', 'min', 'max') THEN
        SELECT a.embedding
        INTO embedding
        FROM terrakin.tile_aggregates AS a
        WHERE a.tile_id = tile_embedding.tile_id
            AND a.method = tile_embedding.method;
    ELSE
        RAISE EXCEPTION 'unknown method %', coalesce(quote_literal(method), 'NULL')
            USING ERRCODE = '22023', HINT = 'Methods are mean, dominant, median, min and max.';
    END IF;
    IF embedding IS NULL THEN
        RAISE EXCEPTION 'tile % does not exist or has no % vector', coalesce(tile_id::text, 'NULL'), method
            USING ERRCODE = 'P0002', HINT = 'api.tile_at(lon, lat) finds the tile at a position; api.tile_overview lists all tiles.';
    END IF;
    RETURN embedding;
END;
$$;

COMMENT ON FUNCTION api.tile_embedding IS
'Return the stored vector of a tile. method: mean, dominant, median, min or max. An unknown tile raises SQLSTATE P0002,
an unknown method 22023.';
