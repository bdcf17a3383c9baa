-- requires: internal/check_filters.sql
-- requires: internal/set_id.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION internal.check_search(query_vector vector, filters internal.search_filters)
RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    set_id integer := internal.set_id(filters.unit, filters.method);
    n_numbers constant integer := CASE filters.method
        WHEN 'mean_std' THEN 1536
        WHEN 'imported' THEN (SELECT s.dimension FROM terrakin.imported_sets AS s WHERE s.name = filters.unit)
        ELSE 768
    END;
BEGIN
    -- A block is searched by its key, which may be shorter than a vector.
    IF query_vector IS NULL OR NOT (vector_dims(query_vector) = n_numbers OR (filters.unit = 'block' AND EXISTS (
        SELECT FROM terrakin.embedding_components AS c
        WHERE c.set_id = set_id
        HAVING count(*) = vector_dims(query_vector)
    ))) THEN
        RAISE EXCEPTION 'the query vector has % dimensions', coalesce(vector_dims(query_vector)::text, 'no')
            USING ERRCODE = '22023', HINT = CASE filters.method
                WHEN 'imported' THEN format('Vectors of imported set %s have %s numbers.', filters.unit, n_numbers)
                ELSE format(
                    'Method %s compares %s numbers, post-processed as terrakin.encoder records; mean_std 1536, every other method 768.',
                    filters.method, n_numbers
                )
            END;
    END IF;
    IF vector_norm(query_vector) = 0 THEN
        RAISE EXCEPTION 'the query vector is zero and has no direction to compare'
            USING ERRCODE = '22023', HINT = 'Give the vector of a tile: api.tile_embedding(tile_id).';
    END IF;
    PERFORM internal.check_filters(filters);
    RETURN set_id;
END;
$$;

COMMENT ON FUNCTION internal.check_search IS
'Return the set of keys that a search compares. Raise SQLSTATE 22023, with the wrong value and a HINT, if an argument of
the search is invalid.';
