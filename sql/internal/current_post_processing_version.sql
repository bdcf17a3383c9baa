-- requires: internal/post_processing_version.sql
CREATE OR REPLACE FUNCTION internal.current_post_processing_version()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT internal.post_processing_version(e.post_processing, e.excluded_dimensions) FROM terrakin.encoder AS e;
$$;

COMMENT ON FUNCTION internal.current_post_processing_version IS
'Return the fingerprint of the post-processing that terrakin.encoder records; NULL if it records none.';
