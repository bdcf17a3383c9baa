-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION internal.check_filters(filters internal.search_filters)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    known_continents constant text[] := '{Africa,Antarctica,Asia,Europe,North America,Oceania,South America}';
    wrong text;
BEGIN
    IF filters.k IS NULL OR filters.k < 0 THEN
        RAISE EXCEPTION 'k is %', coalesce(filters.k::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give the number of matches wanted: 0 or more.';
    END IF;
    -- A reader who asks for a million rows most likely mistyped, and would slow down everybody else.
    IF filters.k > 10000 AND NOT pg_has_role(current_user, 'terrakin_etl', 'MEMBER') THEN
        RAISE EXCEPTION 'k is %, more than the 10000 that a reader may ask for', filters.k
            USING ERRCODE = '22023', HINT = 'Ask for fewer, or query terrakin.tiles yourself: ORDER BY embedding_mean <=> vector.';
    END IF;
    IF filters.exclude_within_m IS NULL OR filters.exclude_within_m < 0 OR filters.exclude_within_m IN ('NaN', 'Infinity') THEN
        RAISE EXCEPTION 'exclude_within_m is %', coalesce(filters.exclude_within_m::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give a distance in metres: 0 (leave out nothing) or more.';
    END IF;
    IF filters.max_per_city < 1 THEN
        RAISE EXCEPTION 'max_per_city is %', filters.max_per_city
            USING ERRCODE = '22023', HINT = 'Give 1 or more, or NULL for no limit.';
    END IF;
    IF filters.max_per_tile < 1 THEN
        RAISE EXCEPTION 'max_per_tile is %', filters.max_per_tile
            USING ERRCODE = '22023', HINT = 'Give 1 to 49: a tile has 49 blocks.';
    END IF;
    -- A country without tiles gives an answer without rows; a text that cannot be a code is a mistake.
    SELECT c.code
    INTO wrong
    FROM unnest(filters.countries || filters.exclude_countries) AS c(code)
    WHERE c.code !~ '^[A-Z]{2}$'
    LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '% is not an ISO 3166-1 alpha-2 code', quote_literal(wrong)
            USING ERRCODE = '22023', HINT = 'Give two capital letters, such as DE: api.country_overview lists the countries of this database.';
    END IF;
    SELECT c.name INTO wrong FROM unnest(filters.continents) AS c(name) WHERE c.name <> ALL (known_continents) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'unknown continent %', quote_literal(wrong)
            USING ERRCODE = '22023', HINT = 'Continents are ' || array_to_string(known_continents, ', ') || '.';
    END IF;
    IF filters.min_valid_share = 'NaN' OR filters.min_valid_share NOT BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION 'min_valid_share is %', filters.min_valid_share
            USING ERRCODE = '22023', HINT = 'Give a share of the pixels: 0 to 1, or NULL for no limit.';
    END IF;
    IF filters.min_similarity = 'NaN' OR filters.min_similarity NOT BETWEEN -1 AND 1 THEN
        RAISE EXCEPTION 'min_similarity is %', filters.min_similarity
            USING ERRCODE = '22023', HINT = 'Give a cosine: -1 to 1, or NULL for no limit.';
    END IF;
    wrong := CASE
        WHEN filters.unit IN ('tile', 'block') THEN NULL
        WHEN filters.period IS NOT NULL THEN 'period'
        WHEN filters.min_valid_share IS NOT NULL THEN 'min_valid_share'
        WHEN filters.origin <> 'any' THEN 'origin'
        WHEN filters.max_per_tile IS NOT NULL THEN 'max_per_tile'
    END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'imported set % cannot be filtered by %', quote_literal(filters.unit), wrong
            USING ERRCODE = '22023', HINT = 'Its items are not made of composites and tiles: leave the filter out.';
    END IF;
    IF ST_SRID(filters.within) <> 4326 THEN
        RAISE EXCEPTION 'within has SRID %', ST_SRID(filters.within)
            USING ERRCODE = '22023', HINT = 'Give degrees in EPSG:4326: ST_Transform(geometry, 4326), or ST_SetSRID if only the label is missing.';
    END IF;
END;
$$;

COMMENT ON FUNCTION internal.check_filters IS
'Raise SQLSTATE 22023, with the wrong value and a HINT, if a filter of a search is invalid.';
