-- requires: functions/similar_to_vector.sql
-- requires: functions/tile_embedding.sql
DROP FUNCTION IF EXISTS api.similar_tiles(
    bigint, integer, text, double precision, boolean, integer, text[], text[], geometry, double precision, boolean
);
DROP FUNCTION IF EXISTS api.similar_tiles(
    bigint, integer, text, double precision, boolean, bigint[], integer, text[], text[], geometry, daterange, double precision,
    double precision, boolean
);

CREATE FUNCTION api.similar_tiles(
    query_tile_id bigint,
    k integer DEFAULT 20,
    method text DEFAULT 'mean',
    exclude_within_m double precision DEFAULT 0,
    exclude_same_city boolean DEFAULT true,
    exclude_city_ids bigint[] DEFAULT NULL,
    max_per_city integer DEFAULT NULL,
    countries text[] DEFAULT NULL,
    continents text[] DEFAULT NULL,
    within geometry DEFAULT NULL,
    period daterange DEFAULT NULL,
    min_valid_share double precision DEFAULT NULL,
    min_similarity double precision DEFAULT NULL,
    exact boolean DEFAULT false
)
RETURNS TABLE (
    rank integer,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    similarity double precision,
    distance_m double precision,
    footprint geometry(Polygon, 4326),
    found_by text,
    candidates bigint
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    query vector := api.tile_embedding(query_tile_id, method);
    place geography;
    own_city_id bigint;
    known_neighbours bigint[];
BEGIN
    SELECT t.location, t.city_id, n.neighbour_tile_ids
    INTO place, own_city_id, known_neighbours
    FROM terrakin.tiles AS t
    LEFT JOIN terrakin.tile_neighbours AS n ON n.tile_id = t.tile_id
        AND n.tiles_version = (SELECT v.version FROM terrakin.tiles_version AS v)
    WHERE t.tile_id = query_tile_id;
    RETURN QUERY
    SELECT s.rank, s.tile_id, s.city_id, s.city, s.country_code, s.similarity, s.distance_m, s.footprint,
        s.found_by, s.candidates
    FROM api.similar_to_vector(
        query => query,
        k => k,
        method => method,
        exclude_near => place,
        exclude_within_m => exclude_within_m,
        exclude_city_ids => CASE WHEN exclude_same_city THEN exclude_city_ids || own_city_id ELSE exclude_city_ids END,
        exclude_tile_ids => ARRAY[query_tile_id],
        max_per_city => max_per_city,
        countries => countries,
        continents => continents,
        within => within,
        period => period,
        min_valid_share => min_valid_share,
        min_similarity => min_similarity,
        exact => exact,
        neighbour_tile_ids => CASE WHEN exclude_same_city AND method = 'mean' THEN known_neighbours END
    ) AS s;
END;
$$;

COMMENT ON FUNCTION api.similar_tiles IS
'The k tiles that look most like one tile, best first: exactly min(k, eligible tiles) rows. The tile itself is never among them. '
'exclude_within_m: leave out tiles nearer than this (geodesic metres, centre to centre); exclude_same_city: leave out the tile''s own city, exclude_city_ids: these too; '
'the other arguments as in api.similar_to_vector. similarity: cosine, -1 to 1; distance_m: geodesic metres from the tile. '
'An unknown tile raises SQLSTATE P0002, a wrong argument 22023.';
