-- requires: types/city_range.sql
CREATE TYPE internal.search_plan AS (
    set_id integer,
    key halfvec,
    is_ranked_again boolean,
    n_short bigint,
    max_compared bigint,
    max_ranked bigint,
    parent_ids integer[],
    indexed_city_ids bigint[],
    first_country_number integer,
    last_country_number integer,
    only_country_numbers integer[],
    exclude_country_numbers integer[],
    only_city_ids bigint[],
    exclude_city_ids bigint[],
    city_ranges internal.city_range[],
    exclude_within_m double precision,
    is_measured boolean,
    near geometry,
    nearest geometry,
    indexed_within geometry,
    within geometry,
    within_is_box boolean,
    composite_ids bigint[],
    max_per_tile integer,
    n_compared_before bigint
);

COMMENT ON TYPE internal.search_plan IS
'What internal.search compares, and which filters apply: made by internal.plan_search. NULL means no filter.';
COMMENT ON COLUMN internal.search_plan.set_id IS 'Set of keys to compare.';
COMMENT ON COLUMN internal.search_plan.key IS 'Key of the query.';
COMMENT ON COLUMN internal.search_plan.is_ranked_again IS 'Whether the best keys are ranked again by whole vectors: not those of blocks.';
COMMENT ON COLUMN internal.search_plan.n_short IS
'Number of best keys to keep: k blocks, or more than k others, which are ranked again by their whole vectors.';
COMMENT ON COLUMN internal.search_plan.max_compared IS 'Number of eligible keys to compare at most; NULL for all.';
COMMENT ON COLUMN internal.search_plan.max_ranked IS
'Number of best keys among which the best of each tile and city are looked for; NULL for all.';
COMMENT ON COLUMN internal.search_plan.parent_ids IS
'Groups of lists with the nearest centroids, whose lists are read first. NULL if all keys are found by place: so few are
eligible that this is faster.';
COMMENT ON COLUMN internal.search_plan.indexed_city_ids IS
'Only these cities, found by the index of cities.';
COMMENT ON COLUMN internal.search_plan.first_country_number IS
'Only countries from this one on: in the index of a list, those of a continent follow one another.';
COMMENT ON COLUMN internal.search_plan.last_country_number IS 'Only countries up to this one.';
COMMENT ON COLUMN internal.search_plan.only_country_numbers IS 'Only these countries, tested key by key: for items of imported sets, of which few
lie in a city.';
COMMENT ON COLUMN internal.search_plan.exclude_country_numbers IS 'Leave out these countries, for items of imported sets.';
COMMENT ON COLUMN internal.search_plan.only_city_ids IS 'Only these cities, tested key by key.';
COMMENT ON COLUMN internal.search_plan.exclude_city_ids IS 'Leave out these cities. It has no NULL.';
COMMENT ON COLUMN internal.search_plan.city_ranges IS 'Which cities'' keys are read: those between excluded ones; one NULL for all.';
COMMENT ON COLUMN internal.search_plan.exclude_within_m IS 'Leave out what is nearer than this to the anchor, in metres.';
COMMENT ON COLUMN internal.search_plan.is_measured IS
'Whether the distance of every compared key from the anchor is measured; otherwise that of the best ones alone.';
COMMENT ON COLUMN internal.search_plan.near IS 'Everything nearer than exclude_within_m lies in this box (EPSG:4326).';
COMMENT ON COLUMN internal.search_plan.nearest IS 'All of this box (EPSG:4326) is nearer than exclude_within_m; may be empty.';
COMMENT ON COLUMN internal.search_plan.indexed_within IS 'The geometry within, if what lies in it is found by the index.';
COMMENT ON COLUMN internal.search_plan.within IS 'Only centres in this geometry (EPSG:4326).';
COMMENT ON COLUMN internal.search_plan.within_is_box IS
'Whether within is a rectangle: what has its longitudes and latitudes lies in it.';
COMMENT ON COLUMN internal.search_plan.composite_ids IS 'Only tiles, and blocks of tiles, of these composites.';
COMMENT ON COLUMN internal.search_plan.max_per_tile IS 'At most this many blocks of a tile; NULL if something else is searched.';
COMMENT ON COLUMN internal.search_plan.n_compared_before IS 'Number of keys compared in earlier rounds, whose matches were kept.';
