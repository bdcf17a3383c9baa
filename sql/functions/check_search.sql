DROP FUNCTION IF EXISTS api.check_search(vector, integer, text, double precision, integer, geometry, double precision);
DROP FUNCTION IF EXISTS api.check_search(
    vector, integer, text, double precision, integer, geometry, double precision, double precision
);
DROP FUNCTION IF EXISTS api.check_search(
    vector, integer, text, double precision, integer, text[], text[], geometry, double precision, double precision
);

CREATE FUNCTION api.check_search(
    query vector,
    k integer,
    method text,
    exclude_within_m double precision,
    max_per_city integer,
    countries text[],
    continents text[],
    within geometry,
    min_valid_share double precision,
    min_similarity double precision
)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    known_continents constant text[] := '{Africa,Antarctica,Asia,Europe,North America,Oceania,South America}';
    wrong text;
BEGIN
    IF query IS NULL OR vector_dims(query) <> 768 THEN
        RAISE EXCEPTION 'the query vector has % dimensions', coalesce(vector_dims(query)::text, 'no')
            USING ERRCODE = '22023', HINT = 'It needs 768 numbers, post-processed as terrakin.encoder says.';
    END IF;
    IF vector_norm(query) = 0 THEN
        RAISE EXCEPTION 'the query vector is zero, so it has no direction to compare'
            USING ERRCODE = '22023', HINT = 'Take the vector of a tile: api.tile_embedding(tile_id).';
    END IF;
    IF method IS NULL OR method NOT IN ('mean', 'dominant', 'median', 'min', 'max') THEN
        RAISE EXCEPTION 'unknown method %', coalesce(quote_literal(method), 'NULL')
            USING ERRCODE = '22023', HINT = 'Methods are mean, dominant, median, min and max.';
    END IF;
    IF k IS NULL OR k < 0 THEN
        RAISE EXCEPTION 'k is %', coalesce(k::text, 'NULL') USING ERRCODE = '22023', HINT = 'k is how many tiles are wanted: 0 or more.';
    END IF;
    -- A reader who asks for a million rows most likely mistyped, and would hold up the others.
    IF k > 10000 AND NOT pg_has_role(current_user, 'terrakin_etl', 'MEMBER') THEN
        RAISE EXCEPTION 'k is %, more than the 10000 that a reader may ask for', k
            USING ERRCODE = '22023', HINT = 'Ask for fewer, or read terrakin.tiles itself: ORDER BY embedding_mean <=> vector.';
    END IF;
    IF exclude_within_m IS NULL OR exclude_within_m < 0 OR exclude_within_m IN ('NaN', 'Infinity') THEN
        RAISE EXCEPTION 'exclude_within_m is %', coalesce(exclude_within_m::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'It is a distance in metres: 0 (nothing left out) or more.';
    END IF;
    IF max_per_city < 1 THEN
        RAISE EXCEPTION 'max_per_city is %', max_per_city USING ERRCODE = '22023', HINT = 'Give 1 or more, or NULL for no limit.';
    END IF;
    -- A country in which no tile lies is an answer of no rows; what can be no country is a slip.
    SELECT c.code INTO wrong FROM unnest(countries) AS c(code) WHERE c.code !~ '^[A-Z]{2}$' LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'country % is no ISO 3166-1 code', quote_literal(wrong)
            USING ERRCODE = '22023', HINT = 'Codes are two capital letters, such as DE: api.country_overview lists those of this database.';
    END IF;
    SELECT c.name INTO wrong FROM unnest(continents) AS c(name) WHERE c.name <> ALL (known_continents) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'unknown continent %', quote_literal(wrong)
            USING ERRCODE = '22023', HINT = 'Continents are ' || array_to_string(known_continents, ', ') || '.';
    END IF;
    IF min_valid_share = 'NaN' OR min_valid_share NOT BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION 'min_valid_share is %', min_valid_share
            USING ERRCODE = '22023', HINT = 'It is a share of pixels: 0 to 1, or NULL for no limit.';
    END IF;
    IF min_similarity = 'NaN' OR min_similarity NOT BETWEEN -1 AND 1 THEN
        RAISE EXCEPTION 'min_similarity is %', min_similarity
            USING ERRCODE = '22023', HINT = 'It is a cosine: -1 to 1, or NULL for no limit.';
    END IF;
    IF ST_SRID(within) <> 4326 THEN
        RAISE EXCEPTION 'within has SRID %', ST_SRID(within)
            USING ERRCODE = '22023', HINT = 'Give degrees in EPSG:4326: ST_Transform(geometry, 4326), or ST_SetSRID where it is only unlabelled.';
    END IF;
END;
$$;

COMMENT ON FUNCTION api.check_search IS
'Raises SQLSTATE 22023, with what is wrong and what to do, when an argument of a search makes no sense. Called by the searches themselves.';
