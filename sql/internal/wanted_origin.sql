CREATE OR REPLACE FUNCTION internal.wanted_origin(origin text, is_synthetic boolean)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
BEGIN
    IF origin NOT IN ('real', 'synthetic', 'any') THEN
        RAISE EXCEPTION 'unknown origin %', quote_literal(origin)
            USING ERRCODE = '22023', HINT = 'Origins are real, synthetic and any; NULL is the origin of what is searched for.';
    END IF;
    RETURN CASE
        WHEN origin IS NULL THEN is_synthetic
        WHEN origin <> 'any' THEN origin = 'synthetic'
    END;
END;
$$;

COMMENT ON FUNCTION internal.wanted_origin IS
'Return whether a search with this filter origin finds synthetic tiles alone (true), real ones alone (false) or both
(NULL). is_synthetic: the origin of what is searched for, which an origin of NULL stands for; NULL if unknown or mixed.
Any text but real, synthetic and any raises SQLSTATE 22023.';
