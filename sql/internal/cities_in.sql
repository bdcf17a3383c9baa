CREATE OR REPLACE FUNCTION internal.cities_in(countries text[], continents text[])
RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
BEGIN
    IF countries IS NULL AND continents IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(
        SELECT c.city_id
        FROM terrakin.cities AS c
        JOIN terrakin.countries AS n ON n.code = c.country_code
        WHERE (countries IS NULL OR n.code = ANY (countries))
            AND (continents IS NULL OR n.continent = ANY (continents))
    );
END;
$$;

COMMENT ON FUNCTION internal.cities_in IS
'Return the city_id of every city in these countries (ISO 3166-1 alpha-2 codes; NULL: any) and continents (English
names; NULL: any). NULL if both are NULL.';
