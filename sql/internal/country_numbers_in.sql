CREATE OR REPLACE FUNCTION internal.country_numbers_in(countries text[], continents text[], is_imported boolean)
RETURNS integer[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF countries IS NULL AND continents IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(
        SELECT n.country_number
        FROM (
            SELECT c.code, c.continent, c.country_number FROM terrakin.countries AS c WHERE NOT is_imported
            UNION
            SELECT o.code, o.continent, o.country_number FROM terrakin.country_outlines AS o WHERE is_imported
        ) AS n
        WHERE (countries IS NULL OR n.code = ANY (countries))
            AND (continents IS NULL OR n.continent = ANY (continents))
        ORDER BY n.country_number
    );
END;
$$;

COMMENT ON FUNCTION internal.country_numbers_in IS
'Return the country_numbers of these countries on these continents, in order; NULL without a filter. is_imported: those of
the outlines, in which items of imported sets lie, not those of the countries with cities.';
