CREATE OR REPLACE FUNCTION internal.post_processed(query_vector vector, unit text)
RETURNS vector
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    -- A vector of another dimension is reported by internal.check_search.
    RETURN coalesce((
        SELECT (l2_normalize(query_vector) - s.mean) * s.weights
        FROM terrakin.imported_sets AS s
        WHERE s.name = unit AND s.is_complete AND s.dimension = vector_dims(query_vector)
    ), query_vector);
END;
$$;

COMMENT ON FUNCTION internal.post_processed IS
'Return a vector as a search compares it: treated as the vectors of the imported set of this name, else as it is.';
