-- requires: functions/similar_to_vector.sql
-- requires: functions/tile_embedding.sql
-- requires: functions/wrap_longitudes.sql
DROP FUNCTION IF EXISTS api.similar_to_area(
    geometry, integer, text, double precision, boolean, bigint[], integer, text[], text[], geometry, daterange, double precision,
    double precision, boolean
);

CREATE FUNCTION api.similar_to_area(
    area geometry,
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
    query vector;
    own_tile_ids bigint[];
    own_city_ids bigint[];
BEGIN
    IF area IS NULL OR ST_SRID(area) <> 4326 THEN
        RAISE EXCEPTION 'area has SRID %', coalesce(ST_SRID(area)::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give degrees in EPSG:4326: ST_Transform(geometry, 4326), or ST_SetSRID where it is only unlabelled.';
    END IF;
    area := api.wrap_longitudes(area);
    SELECT array_agg(t.tile_id), array_agg(DISTINCT t.city_id)
    INTO own_tile_ids, own_city_ids
    FROM terrakin.tiles AS t
    WHERE t.footprint && area
        AND ST_Intersects(t.location::geometry, area)
        AND (similar_to_area.period IS NULL OR t.period && similar_to_area.period);
    IF own_tile_ids IS NULL THEN
        RAISE EXCEPTION 'no tile has its centre in the area'
            USING ERRCODE = 'P0002', HINT = 'Draw it larger (a tile is 2,240 m), or elsewhere: api.city_overview says where tiles are.';
    END IF;
    SELECT avg(l2_normalize(api.tile_embedding(o, method))) INTO query FROM unnest(own_tile_ids) AS o;
    RETURN QUERY
    SELECT s.rank, s.tile_id, s.city_id, s.city, s.country_code, s.similarity, s.distance_m, s.footprint,
        s.found_by, s.candidates
    FROM api.similar_to_vector(
        query => query,
        k => k,
        method => method,
        exclude_near => area::geography,
        exclude_within_m => exclude_within_m,
        exclude_city_ids => CASE WHEN exclude_same_city THEN exclude_city_ids || own_city_ids ELSE exclude_city_ids END,
        exclude_tile_ids => own_tile_ids,
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

COMMENT ON FUNCTION api.similar_to_area IS
'The k tiles most like an area as a whole: the mean of the unit vectors of the tiles whose centres lie in it (polygon, EPSG:4326). '
'Those tiles are never among them; exclude_same_city leaves out their cities; exclude_within_m and distance_m are measured from the area''s '
'edge; the other arguments as in api.similar_to_vector. An area without tile raises SQLSTATE P0002.';
