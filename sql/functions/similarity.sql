-- requires: functions/tile_embedding.sql
DROP FUNCTION IF EXISTS api.similarity(bigint, bigint, text);

CREATE FUNCTION api.similarity(a bigint, b bigint, method text DEFAULT 'mean')
RETURNS double precision
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT 1 - (va <=> vb)
    FROM api.tile_embedding(a, method) AS va
    CROSS JOIN api.tile_embedding(b, method) AS vb;
$$;

COMMENT ON FUNCTION api.similarity IS
'How alike two tiles look: cosine of their vectors, -1 (opposite) to 1 (same). Method: mean, dominant, median, min or max. '
'An unknown tile or method raises.';
