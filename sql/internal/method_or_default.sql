CREATE OR REPLACE FUNCTION internal.method_or_default(method text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT coalesce(method, (SELECT e.default_method FROM terrakin.encoder AS e), 'mean');
$$;

COMMENT ON FUNCTION internal.method_or_default IS
'Return the method, or if it is NULL that of the encoder (terrakin.encoder.default_method): mean before anything is
loaded.';
