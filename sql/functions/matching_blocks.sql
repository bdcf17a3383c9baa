-- requires: internal/block_ids.sql
-- requires: internal/set_id.sql
CREATE OR REPLACE FUNCTION api.matching_blocks(a bigint, b bigint, k integer DEFAULT 4)
RETURNS TABLE (rank integer, a_block_id bigint, b_block_id bigint, similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 4
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    used_set_id integer := internal.set_id('block', 'mean');
    a_ids bigint[] := internal.block_ids(a);
    b_ids bigint[] := internal.block_ids(b);
    -- Fetched once, in the order of the ids.
    a_keys halfvec[] := ARRAY(
        SELECT e.key FROM terrakin.embedding_keys AS e WHERE e.set_id = used_set_id AND e.item_id = ANY (a_ids) ORDER BY e.item_id
    );
    b_keys halfvec[] := ARRAY(
        SELECT e.key FROM terrakin.embedding_keys AS e WHERE e.set_id = used_set_id AND e.item_id = ANY (b_ids) ORDER BY e.item_id
    );
    paired bigint[] := '{}';
BEGIN
    IF k IS NULL OR k NOT BETWEEN 1 AND 49 THEN
        RAISE EXCEPTION 'k is %', coalesce(k::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give 1 to 49.';
    END IF;
    FOR i IN 1..k LOOP
        SELECT i, x.id, y.id, -(x.key <#> y.key)
        INTO rank, a_block_id, b_block_id, similarity
        FROM unnest(a_ids, a_keys) AS x(id, key)
        CROSS JOIN unnest(b_ids, b_keys) AS y(id, key)
        WHERE x.id <> ALL (paired) AND y.id <> ALL (paired)
        ORDER BY x.key <#> y.key, x.id, y.id
        LIMIT 1;
        EXIT WHEN NOT FOUND;
        RETURN NEXT;
        paired := paired || a_block_id || b_block_id;
    END LOOP;
END;
$$;

COMMENT ON FUNCTION api.matching_blocks IS
'Return the blocks of two tiles that explain their similarity: the k most similar pairs of a block of each, best first;
no block is part of two pairs. similarity is that of the keys. None for a tile without blocks, or an unknown tile.
k outside 1 to 49 raises SQLSTATE 22023.';
