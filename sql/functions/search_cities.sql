-- requires: internal/period_text.sql
-- requires: internal/search_key.sql
CREATE OR REPLACE FUNCTION api.search_cities(
    q text DEFAULT '',
    max_rows bigint DEFAULT 50,
    skip bigint DEFAULT 0,
    only_city_id bigint DEFAULT NULL
)
RETURNS TABLE (
    n_found bigint,
    city_id bigint,
    city text,
    country_code text,
    country text,
    continent text,
    lon double precision,
    lat double precision,
    n_tiles bigint,
    is_synthetic boolean,
    period text,
    is_date_known boolean,
    valid_share real,
    licences text[],
    attributions text[],
    bounds double precision[]
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 50
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wanted text := internal.search_key(coalesce(q, ''));
BEGIN
    IF max_rows IS NULL OR max_rows < 0 OR skip IS NULL OR skip < 0 THEN
        RAISE EXCEPTION 'max_rows is %, skip is %', coalesce(max_rows::text, 'NULL'), coalesce(skip::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Both are numbers of rows: 0 or more.';
    END IF;
    -- Nothing of the text can be part of a name.
    IF wanted = '' AND btrim(coalesce(q, '')) <> '' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH found AS (
        SELECT c.*, n.name AS country, n.continent,
            EXISTS (SELECT FROM terrakin.tiles AS t WHERE t.city_id = c.city_id) AS has_tiles,
            CASE
                WHEN k.name = wanted THEN 1
                WHEN starts_with(k.name, wanted) THEN 2
                WHEN wanted <> '' AND strpos('|' || c.other_names || '|', '|' || wanted || '|') > 0 THEN 1
                WHEN strpos(k.name, ' ' || wanted) > 0 THEN 3
                WHEN wanted <> '' AND strpos('|' || c.other_names, '|' || wanted) > 0 THEN 3
                WHEN starts_with(k.country, wanted) OR k.code = wanted THEN 4
                ELSE 5
            END AS match
        FROM terrakin.cities AS c
        JOIN terrakin.countries AS n ON n.code = c.country_code
        CROSS JOIN LATERAL (
            SELECT internal.search_key(c.name) AS name, internal.search_key(n.name) AS country,
                lower(c.country_code COLLATE "C") AS code
        ) AS k
        WHERE (only_city_id IS NULL OR c.city_id = only_city_id)
            AND (strpos(k.name, wanted) > 0 OR starts_with(k.country, wanted) OR k.code = wanted
                OR (wanted <> '' AND strpos('|' || c.other_names, '|' || wanted) > 0) OR (
                -- Lisbon, Portugal: each word begins a word of the name or the country.
                SELECT bool_and(strpos(' ' || k.name || ' ' || k.country, ' ' || w.word) > 0)
                FROM string_to_table(wanted, ' ') AS w(word)
            ))
    ),
    page AS (
        SELECT f.*, count(*) OVER () AS n_found
        FROM found AS f
        ORDER BY NOT f.has_tiles, f.match, CASE WHEN wanted <> '' THEN f.population END DESC NULLS LAST, f.name, f.city_id
        LIMIT max_rows OFFSET skip
    )
    SELECT p.n_found, p.city_id, p.name, p.country_code, p.country, p.continent,
        ST_X(p.location::geometry), ST_Y(p.location::geometry),
        (SELECT count(*) FROM terrakin.tiles AS t WHERE t.city_id = p.city_id),
        p.is_synthetic, internal.period_text(m.period, m.is_date_known), m.is_date_known, m.valid_share, m.licences,
        m.attributions,
        ARRAY[ST_XMin(b.box), ST_YMin(b.box), ST_XMax(b.box), ST_YMax(b.box)]
    FROM page AS p
    CROSS JOIN LATERAL (
        -- An extent in two parts, one on each side of the antimeridian, is one box whose eastern bound is beyond 180.
        SELECT CASE WHEN ST_XMax(p.extent) - ST_XMin(p.extent) > 180 THEN ST_ShiftLongitude(p.extent) ELSE p.extent END AS box
    ) AS b
    LEFT JOIN LATERAL (
        SELECT o.*
        FROM terrakin.composites AS o
        WHERE o.city_id = p.city_id
        ORDER BY lower(o.period) DESC
        LIMIT 1
    ) AS m ON true
    ORDER BY NOT p.has_tiles, p.match, CASE WHEN wanted <> '' THEN p.population END DESC NULLS LAST, p.name, p.city_id;
END;
$$;

COMMENT ON FUNCTION api.search_cities IS
'Return the cities whose name, or whose country''s name, contains the text q, or whose name in another language begins
with q, ignoring accents and case; all cities for an empty q.
Order: cities with tiles first; then the name itself, in any language, names that begin with q, names with a word that
begins with q, names in other languages that begin with q, countries that begin with q, names that contain q; then by
population, largest first.
only_city_id: only this city. At most max_rows rows, after skipping the first skip rows; n_found: rows without these
limits.
lon, lat: centre, degrees, EPSG:4326. bounds: west, south, east, north of the city''s extent; east is beyond 180
across the antimeridian. period (first and last day, or ''date unknown''), is_date_known, valid_share, licences and
attributions are those of the city''s newest composite; NULL without one.';
