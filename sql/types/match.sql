-- Generated from sql/search.toml by scripts/generate_search.py: do not edit.
CREATE TYPE internal.match AS (
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
);

COMMENT ON TYPE internal.match IS 'A tile or block found by a search: the columns of every search for similar ones.';
COMMENT ON COLUMN internal.match.rank IS '1 for the best match.';
COMMENT ON COLUMN internal.match.block_id IS 'Block found; NULL in a search by tile.';
COMMENT ON COLUMN internal.match.tile_id IS 'Tile found, or tile of the block; NULL in a search of an imported set.';
COMMENT ON COLUMN internal.match.city_id IS 'City of the tile.';
COMMENT ON COLUMN internal.match.city IS 'English name of the city.';
COMMENT ON COLUMN internal.match.country_code IS 'ISO 3166-1 alpha-2 code of its country.';
COMMENT ON COLUMN internal.match.similarity IS 'Cosine of the two vectors, -1 to 1.';
COMMENT ON COLUMN internal.match.distance_m IS
'Geodesic metres from the query to the centre of the match; NULL for a query without a position.';
COMMENT ON COLUMN internal.match.footprint IS 'Outline of the tile or block, EPSG:4326.';
COMMENT ON COLUMN internal.match.compared IS 'Number of keys that were compared.';
COMMENT ON COLUMN internal.match.is_exact IS 'Whether every eligible key was compared.';
COMMENT ON COLUMN internal.match.item_id IS 'What was found: tile, block, or item of an imported set.';
