CREATE OR REPLACE FUNCTION internal.unit_of(query jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN query ->> 'kind' IN ('tile', 'block') THEN query ->> 'kind' ELSE coalesce(query ->> 'unit', 'tile') END;
$$;

COMMENT ON FUNCTION internal.unit_of IS 'Return the unit of a search that is given as JSON: see api.search.';
