-- requires: internal/box_around.sql
-- requires: internal/box_inside.sql
-- requires: internal/check_search.sql
-- requires: internal/cities_in.sql
-- requires: internal/city_ranges.sql
-- requires: internal/composites_in.sql
-- requires: internal/country_numbers_in.sql
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
    key halfvec := l2_normalize(internal.key_of(set_id, anchor.embedding));
    is_block boolean := filters.unit = 'block';
    is_imported boolean := filters.unit NOT IN ('tile', 'block');
    -- At least one, so that what is ranked can grow.
    n_short bigint := CASE WHEN is_block THEN greatest(filters.k, 1) ELSE 140 + 3 * filters.k::bigint END;
    max_per_tile integer := least(coalesce(filters.max_per_tile, 1), 49);
    within geometry := internal.wrap_longitudes(filters.within);
    city_ids bigint[] := CASE WHEN NOT is_imported THEN internal.cities_in(
        filters.countries, filters.continents, internal.wanted_origin(filters.origin, anchor.is_synthetic)
    ) END;
    is_few boolean := internal.is_few(set_id, filters.unit, city_ids, within);
    -- Few keys are found by city. In a list, those of a country or continent lie side by side.
    country_numbers integer[] := CASE
        WHEN is_imported OR NOT is_few THEN internal.country_numbers_in(filters.countries, filters.continents, is_imported)
    END;
    is_regional boolean := num_nonnulls(city_ids, within, country_numbers) > 0;
    -- x <> ALL (an array with a NULL) is never true.
    exclude_city_ids bigint[] := array_remove(
        filters.exclude_city_ids || CASE WHEN filters.exclude_same_city THEN anchor.city_ids END
        || CASE WHEN NOT is_imported THEN internal.cities_in(filters.exclude_countries, NULL) END, NULL
    );
    exclude_within_m double precision := CASE WHEN anchor.location IS NOT NULL THEN nullif(filters.exclude_within_m, 0) END;
BEGIN
    RETURN ROW(
        set_id, key, NOT is_block, n_short,
        (
            -- The matches in a region, and the best ones of many cities, lie in more lists.
            SELECT greatest(s.max_compared * CASE
                WHEN is_block AND filters.max_per_city IS NULL AND NOT is_regional THEN 0.5
                WHEN NOT is_block AND filters.max_per_city IS NOT NULL THEN 1.5
                ELSE 1
            END, 10 * n_short)
            FROM terrakin.embedding_sets AS s
            WHERE s.set_id = set_id AND NOT filters.exact AND NOT is_few
                -- One list is in no order: all of it is compared.
                AND EXISTS (SELECT FROM terrakin.embedding_lists AS l WHERE l.set_id = set_id AND l.list_id > 0)
        ),
        CASE
            WHEN NOT is_block THEN CASE WHEN filters.max_per_city IS NULL THEN n_short END
            WHEN filters.min_similarity IS NOT NULL THEN NULL
            -- A tile has 49 blocks: so many are those of enough tiles.
            WHEN filters.max_per_city IS NULL THEN CASE WHEN filters.exact THEN 49 ELSE 10 END * n_short
        END,
        CASE WHEN NOT is_few THEN ARRAY(
            SELECT l.list_id
            FROM terrakin.embedding_lists AS l
            WHERE l.set_id = set_id AND l.list_id < 0
            ORDER BY l.centroid <#> key
            LIMIT CASE WHEN is_regional THEN 100 ELSE 12 END
        ) END,
        CASE WHEN is_few THEN city_ids END,
        country_numbers[1], country_numbers[cardinality(country_numbers)],
        CASE WHEN is_imported THEN country_numbers END,
        CASE WHEN is_imported THEN internal.country_numbers_in(filters.exclude_countries, NULL, true) END,
        CASE WHEN NOT is_few THEN city_ids END,
        exclude_city_ids, internal.city_ranges(CASE WHEN NOT is_few THEN exclude_city_ids END),
        -- Measuring a geodesic distance takes longer than comparing.
        exclude_within_m, NOT is_block OR exclude_within_m IS NULL, internal.box_around(anchor.location, exclude_within_m),
        internal.box_inside(anchor.location, exclude_within_m),
        CASE WHEN is_few THEN within END, within, ST_Equals(within, ST_Envelope(within)),
        internal.composites_in(filters.period),
        -- A tile lies in one city: as low a limit per city holds for the tile, too.
        CASE WHEN is_block AND (max_per_tile < filters.max_per_city) IS NOT FALSE THEN max_per_tile END, 0
    )::internal.search_plan;
END;
$$;

COMMENT ON FUNCTION internal.plan_search IS
'Return what a search compares, and which filters apply. An invalid filter raises SQLSTATE 22023.';
