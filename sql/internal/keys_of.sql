-- No search path of its own, which would keep the planner from merging it into the statement that calls it.
CREATE OR REPLACE FUNCTION internal.keys_of(set_id integer, item_ids bigint[])
RETURNS TABLE (item_id bigint, city_id bigint, location geometry, key halfvec)
LANGUAGE sql STABLE PARALLEL SAFE
ROWS 20
AS $$
    SELECT e.item_id, e.city_id, e.location, e.key
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = keys_of.set_id AND e.item_id = ANY (keys_of.item_ids);
$$;

COMMENT ON FUNCTION internal.keys_of IS 'Return the keys of these tiles or blocks in a set of keys.';
