-- requires: internal/is_current.sql
CREATE OR REPLACE FUNCTION internal.concept(name text)
RETURNS terrakin.concepts
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    found terrakin.concepts;
BEGIN
    SELECT c.* INTO found FROM terrakin.concepts AS c WHERE c.name = name;
    IF found.name IS NULL THEN
        RAISE EXCEPTION 'unknown concept %', coalesce(quote_literal(name), 'NULL')
            USING ERRCODE = 'P0002', HINT = 'terrakin.concepts lists the concepts; terrakin concepts fit makes one.';
    END IF;
    IF NOT internal.is_current(found) THEN
        RAISE EXCEPTION 'concept % describes keys that have been made again', quote_literal(name)
            USING ERRCODE = '55000', HINT = 'Run terrakin db index: it learns every such concept again from its examples.';
    END IF;
    RETURN found;
END;
$$;

COMMENT ON FUNCTION internal.concept IS
'Return a concept by its name. An unknown one raises SQLSTATE P0002, one whose keys have been made again 55000.';
