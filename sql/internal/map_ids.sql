CREATE OR REPLACE FUNCTION internal.map_ids(ids text)
RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN ids ~ '^(-?[0-9]{1,18}(,-?[0-9]{1,18}){0,99})?$' THEN string_to_array(ids, ',')::bigint[] END;
$$;

COMMENT ON FUNCTION internal.map_ids IS 'Return up to 100 ids from the query string of a vector tile, 1,2,3; none if it is empty. NULL if the text is anything else.';
