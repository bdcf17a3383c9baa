-- requires: functions/similar_to_vector.sql
-- requires: functions/tile_embedding.sql
DROP FUNCTION IF EXISTS api.similar_to_examples(
    bigint[], bigint[], double precision, integer, text, double precision, boolean, bigint[], integer, text[], text[], geometry,
    daterange, double precision, double precision, boolean
);

CREATE FUNCTION api.similar_to_examples(
    positive bigint[],
    negative bigint[] DEFAULT '{}',
    negative_weight double precision DEFAULT 0.2,
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
    away vector;
    places geography;
    own_city_ids bigint[];
BEGIN
    IF coalesce(cardinality(positive), 0) = 0 THEN
        RAISE EXCEPTION 'positive has no tile' USING ERRCODE = '22023', HINT = 'Give the tile_id of at least one tile to be like.';
    END IF;
    IF negative_weight IS NULL OR NOT negative_weight BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION 'negative_weight is %', coalesce(negative_weight::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'It is 0 (ignore the negative tiles) to 1 (they count as much as the positive ones).';
    END IF;
    SELECT avg(l2_normalize(api.tile_embedding(p, method))) INTO query FROM unnest(positive) AS p;
    IF coalesce(cardinality(negative), 0) > 0 THEN
        SELECT avg(l2_normalize(api.tile_embedding(n, method))) INTO away FROM unnest(negative) AS n;
        query := query - away * array_fill(negative_weight::real, ARRAY[vector_dims(away)])::vector;
    END IF;
    SELECT ST_Collect(t.location::geometry)::geography, array_agg(DISTINCT t.city_id)
    INTO places, own_city_ids
    FROM terrakin.tiles AS t
    WHERE t.tile_id = ANY (positive);
    RETURN QUERY
    SELECT s.rank, s.tile_id, s.city_id, s.city, s.country_code, s.similarity, s.distance_m, s.footprint,
        s.found_by, s.candidates
    FROM api.similar_to_vector(
        query => query,
        k => k,
        method => method,
        exclude_near => places,
        exclude_within_m => exclude_within_m,
        exclude_city_ids => CASE WHEN exclude_same_city THEN exclude_city_ids || own_city_ids ELSE exclude_city_ids END,
        exclude_tile_ids => positive || negative,
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

COMMENT ON FUNCTION api.similar_to_examples IS
'More like these, less like those: the k tiles most like the mean of the positive tiles'' unit vectors minus negative_weight times that of '
'the negative ones (Rocchio 1971; 0.2 is the ratio 0.15 : 0.75 of Manning, Raghavan and Schuetze 2008, section 9.1.1). The examples '
'themselves are never among them. exclude_within_m and distance_m are measured from the nearest positive tile, exclude_same_city leaves out '
'the positive tiles'' cities; the other arguments as in api.similar_to_vector. An unknown tile raises SQLSTATE P0002, a wrong argument 22023.';
