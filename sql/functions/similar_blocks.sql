-- Generated from sql/search.toml by scripts/generate_search.py: do not edit.
-- requires: internal/anchor_of_items.sql
-- requires: internal/default_method.sql
-- requires: internal/search.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION api.similar_blocks(
    query_block_id bigint,
    k bigint DEFAULT 20,
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
    method := coalesce(method, internal.default_method('block'));
    RETURN QUERY
    SELECT s.*
    FROM internal.search(
        internal.anchor_of_items(ARRAY[query_block_id], '{}', 0, 'block', method),
        ROW(
            k, 'block', method, exclude_within_m, exclude_same_city, exclude_city_ids, max_per_city, max_per_tile,
            countries, exclude_countries, continents, origin, within, period, min_valid_share, min_similarity, exact
        )::internal.search_filters
    ) AS s;
END;
$$;

COMMENT ON FUNCTION api.similar_blocks IS
'Return the k blocks most similar to a block, best first: exactly min(k, eligible) rows, ties by block_id.
The block itself is never among them. An unknown block raises SQLSTATE P0002, an invalid argument 22023.
The other arguments and the columns are those of api.similar_tiles.';
