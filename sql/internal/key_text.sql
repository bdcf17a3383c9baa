CREATE OR REPLACE FUNCTION internal.key_text(set_id integer, key real[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT set_id || ':' || string_agg(round(k.value * 1000)::text, ',' ORDER BY k.number)
    FROM unnest(key) WITH ORDINALITY AS k(value, number);
$$;

COMMENT ON FUNCTION internal.key_text IS
'Return a key of unit length as tiles.similarity takes it: the set of keys, a colon, and its numbers in thousandths.';
