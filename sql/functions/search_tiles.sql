-- requires: functions/similar_at.sql
-- requires: functions/similar_tiles.sql
-- requires: functions/similar_to_area.sql
-- requires: functions/similar_to_examples.sql
-- requires: functions/similar_to_vector.sql
-- requires: functions/tile_at.sql
-- requires: views/tile_overview.sql
DROP FUNCTION IF EXISTS api.search_tiles(jsonb);

CREATE FUNCTION api.search_tiles(query jsonb)
RETURNS TABLE (
    rank integer,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    country text,
    similarity double precision,
    distance_m double precision,
    found_by text,
    candidates bigint,
    lon double precision,
    lat double precision,
    is_synthetic boolean,
    has_thumbnail boolean,
    footprint geometry(Polygon, 4326)
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
-- Custom plans know the kind, and leave the other four searches out.
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    q record;
    days daterange;
    inside geometry;
BEGIN
    SELECT r.*
    INTO q
    FROM jsonb_to_record(
        '{"k": 20, "method": "mean", "exclude_within_m": 0, "exclude_same_city": true, "exact": false, "negative_weight": 0.2}' || query
    ) AS r(
        kind text, tile_id bigint, lon double precision, lat double precision, positive bigint[], negative bigint[],
        negative_weight double precision, area jsonb, vector jsonb, k integer, method text, exclude_within_m double precision,
        exclude_same_city boolean, exclude_city_ids bigint[], max_per_city integer, countries text[], continents text[],
        within jsonb, period text, min_valid_share double precision, min_similarity double precision, exact boolean
    );
    IF q.kind IS NULL OR q.kind NOT IN ('tile', 'position', 'examples', 'area', 'vector') THEN
        RAISE EXCEPTION 'unknown kind of search %', coalesce(quote_literal(q.kind), 'NULL')
            USING ERRCODE = '22023', HINT = 'Kinds are tile, position, examples, area and vector.';
    END IF;
    days := daterange(split_part(q.period, '/', 1)::date, split_part(q.period, '/', 2)::date, '[]');
    inside := ST_GeomFromGeoJSON(q.within::text);
    RETURN QUERY
    SELECT s.rank, s.tile_id, s.city_id, s.city, s.country_code, o.country, s.similarity, s.distance_m, s.found_by, s.candidates,
        o.lon, o.lat, o.is_synthetic, o.has_thumbnail, s.footprint
    FROM (
        SELECT t.*
        FROM api.similar_tiles(
            q.tile_id, k => q.k, method => q.method, exclude_within_m => q.exclude_within_m, exclude_same_city => q.exclude_same_city,
            exclude_city_ids => q.exclude_city_ids, max_per_city => q.max_per_city, countries => q.countries, continents => q.continents,
            within => inside, period => days, min_valid_share => q.min_valid_share, min_similarity => q.min_similarity, exact => q.exact
        ) AS t
        WHERE q.kind = 'tile'
        UNION ALL
        SELECT p.*
        FROM api.similar_at(
            q.lon, q.lat, k => q.k, method => q.method, exclude_within_m => q.exclude_within_m, exclude_same_city => q.exclude_same_city,
            exclude_city_ids => q.exclude_city_ids, max_per_city => q.max_per_city, countries => q.countries, continents => q.continents,
            within => inside, period => days, min_valid_share => q.min_valid_share, min_similarity => q.min_similarity, exact => q.exact
        ) AS p
        WHERE q.kind = 'position'
        UNION ALL
        SELECT e.*
        FROM api.similar_to_examples(
            q.positive, q.negative, q.negative_weight, k => q.k, method => q.method, exclude_within_m => q.exclude_within_m,
            exclude_same_city => q.exclude_same_city, exclude_city_ids => q.exclude_city_ids, max_per_city => q.max_per_city,
            countries => q.countries, continents => q.continents, within => inside, period => days,
            min_valid_share => q.min_valid_share, min_similarity => q.min_similarity, exact => q.exact
        ) AS e
        WHERE q.kind = 'examples'
        UNION ALL
        SELECT a.*
        FROM api.similar_to_area(
            ST_GeomFromGeoJSON(q.area::text), k => q.k, method => q.method, exclude_within_m => q.exclude_within_m,
            exclude_same_city => q.exclude_same_city, exclude_city_ids => q.exclude_city_ids, max_per_city => q.max_per_city,
            countries => q.countries, continents => q.continents, within => inside, period => days,
            min_valid_share => q.min_valid_share, min_similarity => q.min_similarity, exact => q.exact
        ) AS a
        WHERE q.kind = 'area'
        UNION ALL
        SELECT v.*
        FROM api.similar_to_vector(
            q.vector::text::vector, k => q.k, method => q.method,
            exclude_near => ST_SetSRID(ST_MakePoint(q.lon, q.lat), 4326)::geography, exclude_within_m => q.exclude_within_m,
            exclude_city_ids => CASE WHEN q.exclude_same_city THEN
                q.exclude_city_ids || (SELECT i.city_id FROM api.tile_at(q.lon, q.lat) AS i)
            ELSE q.exclude_city_ids END,
            max_per_city => q.max_per_city, countries => q.countries, continents => q.continents, within => inside,
            period => days, min_valid_share => q.min_valid_share, min_similarity => q.min_similarity, exact => q.exact
        ) AS v
        WHERE q.kind = 'vector'
    ) AS s
    JOIN api.tile_overview AS o ON o.tile_id = s.tile_id
    ORDER BY s.rank;
END;
$$;

COMMENT ON FUNCTION api.search_tiles IS
'Any search for similar tiles from one JSON object, as the web API takes it: kind says which (tile: api.similar_tiles; position: similar_at; examples: '
'similar_to_examples; area: similar_to_area; vector: similar_to_vector, with lon and lat of where the vector is from, if known: exclude_same_city leaves out the city of the tile there), the other keys are '
'that function''s arguments and defaults. period: first and last day, 2024-06-01/2024-08-31; within and area: GeoJSON geometries. '
'The rows are that function''s, with each tile''s country, centre (EPSG:4326), is_synthetic and has_thumbnail. Wrong values raise as there.';
