-- Generated from sql/search.toml by scripts/generate_search.py: do not edit.
-- requires: internal/anchor_of_items.sql
-- requires: internal/default_method.sql
-- requires: internal/search.sql
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION api.similar_tiles(
    query_tile_id bigint,
    k bigint DEFAULT 20,
    method text DEFAULT NULL,
    exclude_within_m double precision DEFAULT 0,
    exclude_same_city boolean DEFAULT true,
    exclude_city_ids bigint[] DEFAULT NULL,
    max_per_city bigint DEFAULT NULL,
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
    method := coalesce(method, internal.default_method('tile'));
    RETURN QUERY
    SELECT s.*
    FROM internal.search(
        internal.anchor_of_items(ARRAY[query_tile_id], '{}', 0, 'tile', method),
        ROW(
            k, 'tile', method, exclude_within_m, exclude_same_city, exclude_city_ids, max_per_city, NULL, countries,
            exclude_countries, continents, origin, within, period, min_valid_share, min_similarity, exact
        )::internal.search_filters
    ) AS s;
END;
$$;

COMMENT ON FUNCTION api.similar_tiles IS
'Return the k tiles most similar to a tile, best first: exactly min(k, eligible tiles) rows, ties by tile_id.
The tile itself is never among them. An unknown tile raises SQLSTATE P0002, an invalid argument 22023.

Arguments of every search (NULL: no filter):
- k: Number of matches: the answer has min(k, eligible tiles) rows. Readers may ask for at most 10,000.
- method: Vectors to compare: mean (whole tile), dominant (largest cluster of patches), median, min, max, std
  (texture: standard deviation over the patches) or mean_std (mean and std). NULL: terrakin.encoder.default_method;
  for blocks mean, the only choice; imported sets have one vector per item.
- exclude_within_m: Leave out tiles whose centre is nearer than this to the query, in geodesic metres.
- exclude_same_city: Leave out the cities of the query.
- exclude_city_ids: Leave out these cities.
- max_per_city: At most this many matches from one city: its best.
- countries: Only these countries: ISO 3166-1 alpha-2 codes. An empty array finds nothing.
- exclude_countries: Leave out these countries: ISO 3166-1 alpha-2 codes.
- continents: Only these continents: English names. An empty array finds nothing.
- origin: Only tiles of this origin: real, synthetic or any. NULL: the origin of what is searched for, or any if that
  is unknown or mixed.
- within: Only tiles whose centre lies in this geometry (EPSG:4326). Across the antimeridian, draw on beyond 180
  degrees (170 to 190); an edge from 179 to -179 runs the long way round.
- period: Only tiles whose composite has days in this period. Tiles of unknown date have none.
- min_valid_share: Only tiles with at least this share of clear pixels, 0 to 1.
- min_similarity: Only tiles with at least this similarity, -1 to 1.
- exact: Compare every eligible key instead of those of the nearest lists.

Columns:
- rank: 1 for the best match.
- block_id: Block found; NULL in a search by tile.
- tile_id: Tile found, or tile of the block; NULL in a search of an imported set.
- city_id: City of the tile.
- city: English name of the city.
- country_code: ISO 3166-1 alpha-2 code of its country.
- similarity: Cosine of the two vectors, -1 to 1.
- distance_m: Geodesic metres from the query to the centre of the match; NULL for a query without a position.
- footprint: Outline of the tile or block, EPSG:4326.
- compared: Number of keys that were compared.
- is_exact: Whether every eligible key was compared.
- item_id: What was found: tile, block, or item of an imported set.';
