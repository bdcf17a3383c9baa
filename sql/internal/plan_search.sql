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
DECLARE
    plan internal.search_plan;
    is_few boolean;
    -- A country or a few cities; a continent has more.
    max_indexed constant integer := 64;
    metres_per_degree constant double precision := 110574;
BEGIN
    plan.set_id := internal.check_search(anchor.embedding, filters);
    plan.key := internal.key_of(plan.set_id, anchor.embedding);
    plan.is_tile := filters.unit = 'tile';
    plan.n_short := CASE WHEN plan.is_tile THEN greatest(5 * filters.k::bigint, 100) ELSE filters.k END;
    plan.max_per_tile := CASE WHEN NOT plan.is_tile THEN coalesce(filters.max_per_tile, 1) END;
    plan.composite_ids := internal.composites_in(filters.period);
    plan.within := internal.wrap_longitudes(filters.within);
    plan.only_city_ids := internal.cities_in(
        filters.countries, filters.continents, internal.wanted_origin(filters.origin, anchor.is_synthetic)
    );
    -- x <> ALL (an array with a NULL) is never true.
    plan.exclude_city_ids := array_remove(
        filters.exclude_city_ids || CASE WHEN filters.exclude_same_city THEN anchor.city_ids END
        || internal.cities_in(filters.exclude_countries, NULL), NULL
    );
    is_few := internal.is_few(filters.unit, plan.only_city_ids, plan.within);
    IF is_few OR cardinality(plan.only_city_ids) <= max_indexed THEN
        plan.indexed_city_ids := plan.only_city_ids;
        plan.only_city_ids := NULL;
    END IF;
    IF anchor.location IS NOT NULL AND filters.exclude_within_m > 0 THEN
        plan.exclude_within_m := filters.exclude_within_m;
        -- The shortest degree of latitude, at the equator, has 110,574 m.
        plan.south := ST_YMin(anchor.location::geometry) - plan.exclude_within_m / metres_per_degree;
        plan.north := ST_YMax(anchor.location::geometry) + plan.exclude_within_m / metres_per_degree;
    END IF;
    IF is_few THEN
        plan.indexed_within := plan.within;
        RETURN plan;
    END IF;
    plan.parent_ids := ARRAY(
        SELECT l.list_id
        FROM terrakin.embedding_lists AS l
        WHERE l.set_id = plan.set_id AND l.parent_id IS NULL
        ORDER BY l.centroid <#> plan.key
        LIMIT 24
    );
    plan.max_compared := (
        SELECT greatest(s.max_compared, 10 * plan.n_short)
        FROM terrakin.embedding_sets AS s
        WHERE s.set_id = plan.set_id AND NOT filters.exact
    );
    RETURN plan;
END;
$$;

COMMENT ON FUNCTION internal.plan_search IS
'Return what a search compares, and which filters apply. An invalid filter raises SQLSTATE 22023.';
