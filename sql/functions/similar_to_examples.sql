-- Generated from sql/search.toml by scripts/generate_search.py: do not edit.
-- requires: internal/anchor_of_items.sql
-- requires: internal/default_method.sql
-- requires: internal/search.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION api.similar_to_examples(
    positive bigint[],
    negative bigint[] DEFAULT '{}',
    negative_weight double precision DEFAULT 0.2,
    k bigint DEFAULT 20,
    unit text DEFAULT 'tile',
    method text DEFAULT NULL,
    exclude_within_m double precision DEFAULT 0,
    exclude_same_city boolean DEFAULT true,
    exclude_city_ids bigint[] DEFAULT NULL,
    max_per_city bigint DEFAULT NULL,
    max_per_tile bigint DEFAULT NULL,
    countries text[] DEFAULT NULL,
    exclude_countries text[] DEFAULT NULL,
    continents text[] DEFAULT NULL,
    origin text DEFAULT NULL,
    within geometry DEFAULT NULL,
    period daterange DEFAULT NULL,
    min_valid_share double precision DEFAULT NULL,
    min_similarity double precision DEFAULT NULL,
    exact boolean DEFAULT false
)
RETURNS TABLE (
    rank integer,
    block_id bigint,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    similarity double precision,
    distance_m double precision,
    footprint geometry(MultiPolygon, 4326),
    compared bigint,
    is_exact boolean,
    item_id bigint
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
AS $$
BEGIN
    method := coalesce(method, internal.default_method(unit));
    RETURN QUERY
    SELECT s.*
    FROM internal.search(
        internal.anchor_of_items(positive, negative, negative_weight, unit, method),
        ROW(
            k, unit, method, exclude_within_m, exclude_same_city, exclude_city_ids, max_per_city, max_per_tile,
            countries, exclude_countries, continents, origin, within, period, min_valid_share, min_similarity, exact
        )::internal.search_filters
    ) AS s;
END;
$$;

COMMENT ON FUNCTION api.similar_to_examples IS
'Return the k tiles most similar to the positive tiles and least similar to the negative ones, best first; by unit =>
''block'', the examples and the matches are blocks.
The query is the mean of the positive tiles'' unit vectors minus negative_weight times the mean of the negative tiles''
(Rocchio 1971; 0.2 is the ratio 0.15 : 0.75 of Manning, Raghavan and Schuetze 2008, section 9.1.1).
The examples themselves are never among the matches. exclude_within_m and distance_m are measured from the nearest
positive tile; exclude_same_city leaves out the cities of the positive tiles.
An unknown tile or block raises SQLSTATE P0002, an invalid argument 22023.
The other arguments and the columns are those of api.similar_tiles.';
