CREATE OR REPLACE FUNCTION internal.composites_in(period daterange)
RETURNS bigint[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT m.composite_id
        FROM terrakin.composites AS m
        WHERE m.period && composites_in.period
            AND m.is_date_known
    );
END;
$$;

COMMENT ON FUNCTION internal.composites_in IS
'Return the composite_id of every composite that has days in this period; one of unknown date has none. NULL for a
period of NULL: any composite.';
