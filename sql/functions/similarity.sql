-- requires: functions/tile_embedding.sql
CREATE OR REPLACE FUNCTION api.similarity(a bigint, b bigint, method text DEFAULT NULL)
RETURNS double precision
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN a IS NOT NULL AND b IS NOT NULL THEN 1 - (api.tile_embedding(a, method) <=> api.tile_embedding(b, method))
    END;
$$;

COMMENT ON FUNCTION api.similarity IS
'Return the similarity of two tiles: cosine of their vectors, -1 (opposite) to 1 (same direction). method: as in
api.tile_embedding.
An unknown tile raises SQLSTATE P0002, an unknown method 22023.';
