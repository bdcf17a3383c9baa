-- requires: internal/country_code.sql
-- requires: internal/found_keys.sql
-- requires: internal/plan_find.sql
-- requires: types/search_filters.sql
-- No search path of its own, which would keep the planner from merging it into the statement that calls it: rows then
-- come as they are found.
CREATE OR REPLACE FUNCTION api.find(
    concept text,
    ordered boolean DEFAULT false,
    -- arguments of sql/search.toml
    exclude_city_ids bigint[] DEFAULT NULL,
    max_per_city bigint DEFAULT NULL,
    countries text[] DEFAULT NULL,
    exclude_countries text[] DEFAULT NULL,
    continents text[] DEFAULT NULL,
    origin text DEFAULT NULL,
    within geometry DEFAULT NULL,
    period daterange DEFAULT NULL,
    min_valid_share double precision DEFAULT NULL,
    min_similarity double precision DEFAULT NULL
    -- end of arguments
)
RETURNS TABLE (
    block_id bigint,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    similarity double precision,
    location geometry,
    item_id bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
ROWS 1000
AS $$
    SELECT
        CASE WHEN f.unit = 'block' THEN f.item_id END,
        CASE f.unit WHEN 'tile' THEN f.item_id WHEN 'block' THEN f.item_id >> 6 END,
        c.city_id, c.name, internal.country_code(f.country_number), f.similarity, f.location, f.item_id
    FROM (
        SELECT e.item_id, e.city_id, e.country_number, e.location, p.unit, e.similarity, CASE WHEN find.max_per_city IS NOT NULL
            THEN row_number() OVER (PARTITION BY e.city_id ORDER BY e.similarity DESC, e.item_id) END AS place
        FROM internal.plan_find(find.concept, ROW(
    -- values of sql/search.toml
            0, 'tile', NULL, 0, false, find.exclude_city_ids, find.max_per_city, NULL, find.countries,
            find.exclude_countries, find.continents, find.origin, find.within, find.period, find.min_valid_share,
            find.min_similarity, true
    -- end of values
        )::internal.search_filters) AS p
        CROSS JOIN LATERAL internal.found_keys(
            p.set_id, p.direction, p.threshold, p.near_list_ids, p.only_city_ids, p.exclude_city_ids,
            p.only_country_numbers, p.exclude_country_numbers, p.within, find.min_valid_share
        ) AS e
        WHERE find.period IS NULL OR (
            SELECT s.composite_id
            FROM terrakin.tiles AS s
            WHERE s.tile_id = CASE p.unit WHEN 'tile' THEN e.item_id ELSE e.item_id >> 6 END
        ) = ANY (p.composite_ids)
    ) AS f
    LEFT JOIN terrakin.cities AS c ON c.city_id = f.city_id
    WHERE find.max_per_city IS NULL OR f.place <= find.max_per_city
    ORDER BY
        CASE WHEN find.ordered OR find.max_per_city IS NOT NULL THEN f.similarity END DESC,
        CASE WHEN find.ordered OR find.max_per_city IS NOT NULL THEN f.item_id END;
$$;

COMMENT ON FUNCTION api.find IS
'Return every tile, block or imported item that a concept describes: whose similarity to its direction is at least its
threshold (terrakin.concepts). The rows come in no order and as they are found, so that a cursor has the first ones at
once; ordered => true and max_per_city rank all of them first.
similarity: cosine of the key and the direction, -1 to 1. min_similarity: a higher threshold. location: the centre, EPSG:4326.
origin: real, synthetic or any (NULL: any). The other arguments are those of api.similar_tiles.
An unknown concept raises SQLSTATE P0002, an invalid argument 22023.';
