-- requires: internal/check_filters.sql
-- requires: internal/cities_in.sql
-- requires: internal/composites_in.sql
-- requires: internal/concept.sql
-- requires: internal/country_numbers_in.sql
-- requires: internal/wanted_origin.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION internal.plan_find(concept text, filters internal.search_filters)
RETURNS TABLE (
    set_id integer,
    unit text,
    direction halfvec,
    threshold double precision,
    near_list_ids integer[],
    only_city_ids bigint[],
    exclude_city_ids bigint[],
    only_country_numbers integer[],
    exclude_country_numbers integer[],
    within geometry,
    composite_ids bigint[]
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 1
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    asked terrakin.concepts := internal.concept(concept);
    is_imported boolean := asked.unit NOT IN ('tile', 'block');
BEGIN
    filters.unit := asked.unit;
    PERFORM internal.check_filters(filters);
    RETURN QUERY SELECT
        asked.set_id, asked.unit, asked.direction, greatest(asked.threshold, filters.min_similarity),
        ARRAY(
            SELECT l.list_id
            FROM terrakin.embedding_lists AS l
            WHERE l.set_id = asked.set_id AND l.parent_id IS NOT NULL
            ORDER BY l.centroid <#> asked.direction
            LIMIT 8
        ),
        CASE WHEN NOT is_imported
            THEN internal.cities_in(filters.countries, filters.continents, internal.wanted_origin(filters.origin, NULL))
        END,
        array_remove(
            filters.exclude_city_ids
            || CASE WHEN NOT is_imported THEN internal.cities_in(filters.exclude_countries, NULL) END, NULL
        ),
        CASE WHEN is_imported THEN internal.country_numbers_in(filters.countries, filters.continents, true) END,
        CASE WHEN is_imported THEN internal.country_numbers_in(filters.exclude_countries, NULL, true) END,
        internal.wrap_longitudes(filters.within), internal.composites_in(filters.period);
END;
$$;

COMMENT ON FUNCTION internal.plan_find IS
'Return what api.find compares, the lists that it reads first, and which filters apply. An unknown concept raises
SQLSTATE P0002, an invalid filter 22023.';
