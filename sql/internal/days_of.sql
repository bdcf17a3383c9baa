CREATE OR REPLACE FUNCTION internal.days_of(period text)
RETURNS daterange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT daterange(split_part(period, '/', 1)::date, split_part(period, '/', 2)::date, '[]');
$$;

COMMENT ON FUNCTION internal.days_of IS 'Return a period that is written as its first and last day, 2024-06-01/2024-08-31.';
