-- requires: internal/current_post_processing_version.sql
CREATE OR REPLACE FUNCTION internal.is_current(concept terrakin.concepts)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM terrakin.embedding_sets AS s WHERE s.set_id = concept.set_id AND s.is_current)
        AND concept.post_processing_version IS NOT DISTINCT FROM internal.current_post_processing_version();
$$;

COMMENT ON FUNCTION internal.is_current IS
'Return whether the keys that a concept was learned from are those that searches compare: neither fitted again nor made
by another post-processing.';
