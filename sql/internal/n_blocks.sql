-- requires: internal/set_id.sql
CREATE OR REPLACE FUNCTION internal.n_blocks()
RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    set_id constant integer := internal.set_id('block', 'mean');
BEGIN
    RETURN (SELECT count(*) FROM terrakin.embedding_keys AS e WHERE e.set_id = set_id);
END;
$$;

COMMENT ON FUNCTION internal.n_blocks IS 'Return the number of blocks.';
