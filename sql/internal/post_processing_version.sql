CREATE OR REPLACE FUNCTION internal.post_processing_version(post_processing jsonb, excluded_dimensions smallint[])
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT md5(post_processing::text || excluded_dimensions::text);
$$;

COMMENT ON FUNCTION internal.post_processing_version IS
'Return the fingerprint of the post-processing in a row of terrakin.encoder: vectors with different ones cannot be
compared.';
