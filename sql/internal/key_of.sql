CREATE OR REPLACE FUNCTION internal.key_of(set_id integer, embedding vector)
RETURNS halfvec
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    -- -1 times the negative inner product.
    numbers real[] := ARRAY(
        SELECT -(c.component <#> embedding)
        FROM terrakin.embedding_components AS c
        WHERE c.set_id = set_id
            AND vector_dims(c.component) = vector_dims(embedding)
        ORDER BY c.number
    );
BEGIN
    RETURN CASE cardinality(numbers) WHEN 0 THEN embedding ELSE numbers::vector END::halfvec;
END;
$$;

COMMENT ON FUNCTION internal.key_of IS
'Return the key of a vector in a set of keys: its inner products with the principal components of the set, or the
vector itself if the set has none, or if it is a key already.';
