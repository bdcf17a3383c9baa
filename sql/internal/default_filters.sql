-- Generated from sql/search.toml by scripts/generate_search.py: do not edit.
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION internal.default_filters()
RETURNS internal.search_filters
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT ROW(
        20, 'tile', NULL, 0, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false
    )::internal.search_filters;
$$;

COMMENT ON FUNCTION internal.default_filters IS
'Return the default arguments of every search for similar tiles or blocks.';
