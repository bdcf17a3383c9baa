CREATE OR REPLACE FUNCTION internal.cities_in(countries text[], continents text[], is_synthetic boolean DEFAULT NULL)
RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    -- Without cities of the other origin there is nothing to leave out.
    IF is_synthetic IS NOT NULL AND NOT EXISTS (SELECT FROM terrakin.cities AS c WHERE c.is_synthetic = NOT is_synthetic) THEN
        is_synthetic := NULL;
    END IF;
    IF countries IS NULL AND continents IS NULL AND is_synthetic IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(
        SELECT c.city_id
        FROM terrakin.cities AS c
        JOIN terrakin.countries AS n ON n.code = c.country_code
        WHERE (countries IS NULL OR n.code = ANY (countries))
            AND (continents IS NULL OR n.continent = ANY (continents))
            AND (is_synthetic IS NULL OR c.is_synthetic = is_synthetic)
    );
END;
$$;

COMMENT ON FUNCTION internal.cities_in IS
'Return the city_id of every city in these countries (ISO 3166-1 alpha-2 codes; NULL: any) and continents (English
names; NULL: any) that is synthetic or real (NULL: either). NULL if this leaves out no city.';
