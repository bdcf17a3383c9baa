-- requires: internal/set_id.sql
CREATE OR REPLACE FUNCTION internal.block_ids(tile_id bigint)
RETURNS bigint[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    set_id constant integer := internal.set_id('block', 'mean');
BEGIN
    RETURN ARRAY(
        SELECT e.item_id
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = set_id AND e.item_id BETWEEN tile_id << 6 AND tile_id << 6 | 63
        ORDER BY e.item_id
    );
END;
$$;

COMMENT ON FUNCTION internal.block_ids IS
'Return the blocks of a tile that exist, in their order: from the north-west, row by row.';
