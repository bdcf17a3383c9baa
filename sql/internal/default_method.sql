CREATE OR REPLACE FUNCTION internal.default_method()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT coalesce((SELECT e.default_method FROM terrakin.encoder AS e), 'mean');
$$;

COMMENT ON FUNCTION internal.default_method IS
'Return the method of a search that names none: terrakin.encoder.default_method, mean before anything is loaded.';
