CREATE OR REPLACE FUNCTION internal.country_code(country_number integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN country_number > 0 THEN chr(country_number >> 8 & 255) || chr(country_number & 255) END;
$$;

COMMENT ON FUNCTION internal.country_code IS
'Return the ISO 3166-1 alpha-2 code that a country_number was made from; NULL for 0, at sea.';
