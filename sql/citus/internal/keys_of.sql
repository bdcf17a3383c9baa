CREATE OR REPLACE FUNCTION internal.keys_of(set_id integer, item_ids bigint[])
RETURNS TABLE (item_id bigint, city_id bigint, location geometry, key halfvec)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
-- Citus distributes no generic plans, which its callers force.
SET plan_cache_mode = auto
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.item_id, e.city_id, e.location, e.key
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = keys_of.set_id AND e.item_id = ANY (keys_of.item_ids);
END;
$$;

COMMENT ON FUNCTION internal.keys_of IS 'Return the keys of these tiles or blocks in a set of keys.';
