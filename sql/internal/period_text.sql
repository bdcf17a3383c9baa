CREATE OR REPLACE FUNCTION internal.period_text(period daterange, is_date_known boolean)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN is_date_known THEN to_char(lower(period), 'YYYY-MM-DD') || '/' || to_char(upper(period) - 1, 'YYYY-MM-DD')
        ELSE 'date unknown'
    END;
$$;

COMMENT ON FUNCTION internal.period_text IS
'Return first and last day of a period, 2024-06-01/2024-08-31, or ''date unknown''.';
