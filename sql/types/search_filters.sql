-- Generated from sql/search.toml by scripts/generate_search.py: do not edit.
CREATE TYPE internal.search_filters AS (
    k bigint,
    unit text,
    method text,
    exclude_within_m double precision,
    exclude_same_city boolean,
    exclude_city_ids bigint[],
    max_per_city bigint,
    max_per_tile bigint,
    countries text[],
    exclude_countries text[],
    continents text[],
    origin text,
    within geometry,
    period daterange,
    min_valid_share double precision,
    min_similarity double precision,
    exact boolean
);

COMMENT ON TYPE internal.search_filters IS
'Arguments of every search for similar tiles or blocks. NULL means no filter.';
COMMENT ON COLUMN internal.search_filters.k IS
'Number of matches: the answer has min(k, eligible tiles) rows. Readers may ask for at most 10,000.';
COMMENT ON COLUMN internal.search_filters.unit IS
'What is searched: tile (2,240 m), block (320 m), or the name of an imported set.';
COMMENT ON COLUMN internal.search_filters.method IS
'Vectors to compare: mean (whole tile), dominant (largest cluster of patches), median, min, max, std (texture: standard deviation over the patches) or mean_std (mean and std). NULL: terrakin.encoder.default_method; for blocks mean, the only choice; imported sets have one vector per item.';
COMMENT ON COLUMN internal.search_filters.exclude_within_m IS
'Leave out tiles whose centre is nearer than this to the query, in geodesic metres.';
COMMENT ON COLUMN internal.search_filters.exclude_same_city IS 'Leave out the cities of the query.';
COMMENT ON COLUMN internal.search_filters.exclude_city_ids IS 'Leave out these cities.';
COMMENT ON COLUMN internal.search_filters.max_per_city IS 'At most this many matches from one city: its best.';
COMMENT ON COLUMN internal.search_filters.max_per_tile IS
'At most this many blocks from one tile: its best. NULL: 1. Without effect on a search by tile.';
COMMENT ON COLUMN internal.search_filters.countries IS
'Only these countries: ISO 3166-1 alpha-2 codes. An empty array finds nothing.';
COMMENT ON COLUMN internal.search_filters.exclude_countries IS 'Leave out these countries: ISO 3166-1 alpha-2 codes.';
COMMENT ON COLUMN internal.search_filters.continents IS
'Only these continents: English names. An empty array finds nothing.';
COMMENT ON COLUMN internal.search_filters.origin IS
'Only tiles of this origin: real, synthetic or any. NULL: the origin of what is searched for, or any if that is unknown or mixed.';
COMMENT ON COLUMN internal.search_filters.within IS
'Only tiles whose centre lies in this geometry (EPSG:4326). Across the antimeridian, draw on beyond 180 degrees (170 to 190); an edge from 179 to -179 runs the long way round.';
COMMENT ON COLUMN internal.search_filters.period IS
'Only tiles whose composite has days in this period. Tiles of unknown date have none.';
COMMENT ON COLUMN internal.search_filters.min_valid_share IS
'Only tiles with at least this share of clear pixels, 0 to 1.';
COMMENT ON COLUMN internal.search_filters.min_similarity IS 'Only tiles with at least this similarity, -1 to 1.';
COMMENT ON COLUMN internal.search_filters.exact IS 'Compare every eligible key instead of those of the nearest lists.';
