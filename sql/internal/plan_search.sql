-- requires: internal/check_search.sql
-- requires: internal/cities_in.sql
-- requires: internal/composites_in.sql
-- requires: internal/is_few.sql
-- requires: internal/key_of.sql
-- requires: internal/wanted_origin.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/search_anchor.sql
-- requires: types/search_filters.sql
-- requires: types/search_plan.sql
CREATE OR REPLACE FUNCTION internal.plan_search(anchor internal.search_anchor, filters internal.search_filters)
RETURNS internal.search_plan
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    set_id integer := internal.check_search(anchor.embedding, filters);
    key halfvec := internal.key_of(set_id, anchor.embedding);
    is_tile boolean := filters.unit = 'tile';
    n_short bigint := CASE WHEN is_tile THEN greatest(5 * filters.k::bigint, 100) ELSE filters.k END;
    within geometry := internal.wrap_longitudes(filters.within);
    city_ids bigint[] := internal.cities_in(
        filters.countries, filters.continents, internal.wanted_origin(filters.origin, anchor.is_synthetic)
    );
    is_few boolean := internal.is_few(filters.unit, city_ids, within);
    -- A country or a few cities; a continent has more.
    is_indexed boolean := is_few OR cardinality(city_ids) <= 64;
    exclude_within_m double precision := CASE WHEN anchor.location IS NOT NULL THEN nullif(filters.exclude_within_m, 0) END;
    -- The shortest degree of latitude, at the equator, has 110,574 m.
    reach_deg double precision := exclude_within_m / 110574;
BEGIN
    RETURN ROW(
        set_id, key, is_tile, n_short,
        (
            SELECT greatest(s.max_compared, 10 * n_short)
            FROM terrakin.embedding_sets AS s
            WHERE s.set_id = set_id AND NOT filters.exact AND NOT is_few
        ),
        CASE WHEN NOT is_few THEN ARRAY(
            SELECT l.list_id
            FROM terrakin.embedding_lists AS l
            WHERE l.set_id = set_id AND l.parent_id IS NULL
            ORDER BY l.centroid <#> key
            LIMIT 24
        ) END,
        CASE WHEN is_indexed THEN city_ids END, CASE WHEN NOT is_indexed THEN city_ids END,
        -- x <> ALL (an array with a NULL) is never true.
        array_remove(
            filters.exclude_city_ids || CASE WHEN filters.exclude_same_city THEN anchor.city_ids END
            || internal.cities_in(filters.exclude_countries, NULL), NULL
        ),
        exclude_within_m, ST_YMin(anchor.location::geometry) - reach_deg, ST_YMax(anchor.location::geometry) + reach_deg,
        CASE WHEN is_few THEN within END, within, internal.composites_in(filters.period),
        CASE WHEN NOT is_tile THEN coalesce(filters.max_per_tile, 1) END
    )::internal.search_plan;
END;
$$;

COMMENT ON FUNCTION internal.plan_search IS
'Return what a search compares, and which filters apply. An invalid filter raises SQLSTATE 22023.';
