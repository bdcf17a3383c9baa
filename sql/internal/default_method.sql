CREATE OR REPLACE FUNCTION internal.default_method(unit text DEFAULT 'tile')
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN unit = 'tile' THEN coalesce((SELECT e.default_method FROM terrakin.encoder AS e), 'mean')
        WHEN unit = 'block' THEN 'mean'
        ELSE 'imported'
    END;
$$;

COMMENT ON FUNCTION internal.default_method IS
'Return the method of a search that names none: for tiles terrakin.encoder.default_method (mean before anything is
loaded), for blocks mean, for an imported set imported.';
