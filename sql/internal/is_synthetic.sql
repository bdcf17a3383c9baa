CREATE OR REPLACE FUNCTION internal.is_synthetic(city_ids bigint[])
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN bool_and(c.is_synthetic) = bool_or(c.is_synthetic) THEN bool_and(c.is_synthetic) END
    FROM terrakin.cities AS c
    WHERE c.city_id = ANY (city_ids);
$$;

COMMENT ON FUNCTION internal.is_synthetic IS
'Return whether all of these cities are synthetic; NULL if some are and others are real places.';
