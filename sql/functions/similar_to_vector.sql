-- Generated from sql/search.toml by scripts/generate_search.py: do not edit.
-- requires: internal/default_method.sql
-- requires: internal/search.sql
-- requires: types/search_anchor.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION api.similar_to_vector(
    query_vector vector,
    k bigint DEFAULT 20,
    unit text DEFAULT 'tile',
    method text DEFAULT NULL,
    exclude_within_m double precision DEFAULT 0,
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
    exact boolean DEFAULT false,
    exclude_near geography DEFAULT NULL,
    exclude_ids bigint[] DEFAULT NULL
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
        ROW(internal.post_processed(query_vector, unit), exclude_near, array_remove(exclude_ids, NULL), NULL, NULL)::internal.search_anchor,
        ROW(
            k, unit, method, exclude_within_m, false, exclude_city_ids, max_per_city, max_per_tile, countries,
            exclude_countries, continents, origin, within, period, min_valid_share, min_similarity, exact
        )::internal.search_filters
    ) AS s;
END;
$$;

COMMENT ON FUNCTION api.similar_to_vector IS
'Return the k tiles (by unit => ''block'', blocks) most similar to a vector of 768 numbers (mean_std: 1,536, as of
api.tile_embedding), post-processed as terrakin.encoder records, best first; by unit => the name of an imported set,
its items most similar to a vector as its files have it.
exclude_near: where the query is; exclude_within_m and distance_m are measured from it (distance_m is NULL without
it). exclude_ids: leave out these tiles, or blocks by unit => ''block''.
An invalid argument raises SQLSTATE 22023.
The other arguments and the columns are those of api.similar_tiles.';
