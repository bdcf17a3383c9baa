CREATE OR REPLACE FUNCTION internal.composites_in(period daterange)
RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN period IS NOT NULL THEN ARRAY(
            SELECT m.composite_id
            FROM terrakin.composites AS m
            WHERE m.period && composites_in.period
                AND m.is_date_known
        )
    END;
$$;

COMMENT ON FUNCTION internal.composites_in IS
'Return the composite_id of every composite that has days in this period; one of unknown date has none. NULL for a
period of NULL: any composite.';
