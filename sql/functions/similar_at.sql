-- requires: functions/similar_tiles.sql
-- requires: functions/tile_at.sql
DROP FUNCTION IF EXISTS api.similar_at(
    double precision, double precision, integer, text, double precision, boolean, bigint[], integer, text[], text[], geometry,
    daterange, double precision, double precision, boolean
);

CREATE FUNCTION api.similar_at(
    lon double precision,
    lat double precision,
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
    query_tile_id bigint;
BEGIN
    SELECT a.tile_id
    INTO query_tile_id
    FROM api.tile_at(lon, lat) AS a;
    IF query_tile_id IS NULL THEN
        RAISE EXCEPTION 'no tile at lon %, lat %', coalesce(lon::text, 'NULL'), coalesce(lat::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = 'Give degrees in EPSG:4326, longitude first; api.city_overview says where tiles are.';
    END IF;
    RETURN QUERY
    SELECT s.rank, s.tile_id, s.city_id, s.city, s.country_code, s.similarity, s.distance_m, s.footprint,
        s.found_by, s.candidates
    FROM api.similar_tiles(
        query_tile_id => query_tile_id,
        k => k,
        method => method,
        exclude_within_m => exclude_within_m,
        exclude_same_city => exclude_same_city,
        exclude_city_ids => exclude_city_ids,
        max_per_city => max_per_city,
        countries => countries,
        continents => continents,
        within => within,
        period => period,
        min_valid_share => min_valid_share,
        min_similarity => min_similarity,
        exact => exact
    ) AS s;
END;
$$;

COMMENT ON FUNCTION api.similar_at IS
'The k tiles that look most like the newest tile at a position (degrees, EPSG:4326): api.tile_at, then api.similar_tiles, whose arguments these are. '
'A position without tile raises SQLSTATE P0002.';
