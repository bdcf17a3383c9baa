-- requires: internal/check_filters.sql
-- requires: internal/cities_in.sql
-- requires: internal/composites_in.sql
-- requires: internal/concept.sql
-- requires: internal/wanted_origin.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/search_filters.sql
-- requires: types/search_plan.sql
CREATE OR REPLACE FUNCTION internal.plan_find(concept text, filters internal.search_filters)
RETURNS internal.search_plan
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    found terrakin.concepts := internal.concept(concept);
BEGIN
    PERFORM internal.check_filters(filters);
    RETURN ROW(
        found.set_id, found.direction, found.unit = 'tile', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        internal.cities_in(filters.countries, filters.continents, internal.wanted_origin(filters.origin, NULL)),
        array_remove(filters.exclude_city_ids || internal.cities_in(filters.exclude_countries, NULL), NULL),
        NULL, NULL, NULL, NULL, internal.wrap_longitudes(filters.within), internal.composites_in(filters.period), NULL, 0
    )::internal.search_plan;
END;
$$;

COMMENT ON FUNCTION internal.plan_find IS
'Return what api.find compares, its key being the direction of the concept, and which filters apply. An unknown concept
raises SQLSTATE P0002, an invalid filter 22023.';
