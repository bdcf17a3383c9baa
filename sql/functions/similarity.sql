-- requires: functions/tile_embedding.sql
CREATE OR REPLACE FUNCTION api.similarity(a bigint, b bigint, method text DEFAULT 'mean')
RETURNS double precision
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT 1 - (va <=> vb)
    FROM api.tile_embedding(a, method) AS va
    CROSS JOIN api.tile_embedding(b, method) AS vb;
$$;

COMMENT ON FUNCTION api.similarity IS
'Return the similarity of two tiles: cosine of their vectors, -1 (opposite) to 1 (same direction). method: mean,
dominant, median, min or max.
An unknown tile raises SQLSTATE P0002, an unknown method 22023.';
