CREATE OR REPLACE FUNCTION internal.set_id(unit text, method text)
RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    set_id integer;
BEGIN
    IF NOT EXISTS (SELECT FROM terrakin.embedding_sets AS s WHERE s.unit = unit AND s.is_current)
        OR EXISTS (SELECT FROM terrakin.imported_sets AS s WHERE s.name = unit AND NOT s.is_complete)
    THEN
        RAISE EXCEPTION 'unknown unit %', coalesce(quote_literal(unit), 'NULL')
            USING ERRCODE = '22023', HINT = concat(
                'Units are tile (2,240 m) and block (320 m)',
                (SELECT ', and imported sets: ' || string_agg(s.name, ', ' ORDER BY s.name) FROM terrakin.imported_sets AS s WHERE s.is_complete),
                '.'
            );
    END IF;
    SELECT s.set_id INTO set_id FROM terrakin.embedding_sets AS s WHERE s.unit = unit AND s.method = method AND s.is_current;
    IF set_id IS NULL THEN
        RAISE EXCEPTION 'unknown method %', coalesce(quote_literal(method), 'NULL')
            USING ERRCODE = '22023', HINT = CASE unit
                WHEN 'tile' THEN 'Methods are mean, dominant, median, min, max, std and mean_std.'
                WHEN 'block' THEN 'Blocks are compared by mean alone: they have only four patches.'
                ELSE 'Items of an imported set have one vector: leave method out.'
            END;
    END IF;
    RETURN set_id;
END;
$$;

COMMENT ON FUNCTION internal.set_id IS
'Return the set of keys that a search by this unit (tile, block, or the name of an imported set) and method compares.
Any other unit or method raises SQLSTATE 22023.';
