CREATE OR REPLACE VIEW api.city_overview AS
SELECT
    c.city_id,
    c.name AS city,
    c.country_code,
    n.name AS country,
    n.continent,
    c.population,
    c.is_synthetic,
    coalesce(t.n_tiles, 0) AS n_tiles,
    c.location::geometry(Point, 4326) AS location,
    m.period,
    m.is_date_known,
    m.valid_share,
    m.licences,
    m.attributions,
    lower(m.period) AS first_day,
    upper(m.period) - 1 AS last_day
FROM terrakin.cities AS c
JOIN terrakin.countries AS n ON n.code = c.country_code
LEFT JOIN (
    SELECT i.city_id, count(*) AS n_tiles
    FROM terrakin.tiles AS i
    GROUP BY i.city_id
) AS t ON t.city_id = c.city_id
LEFT JOIN LATERAL (
    SELECT o.*
    FROM terrakin.composites AS o
    WHERE o.city_id = c.city_id
    ORDER BY lower(o.period) DESC
    LIMIT 1
) AS m ON true;

COMMENT ON VIEW api.city_overview IS 'All cities with country and number of tiles, as points: for maps and QGIS (key: city_id).';
COMMENT ON COLUMN api.city_overview.city_id IS 'Key: GeoNames id, negative for a synthetic town.';
COMMENT ON COLUMN api.city_overview.city IS 'English name.';
COMMENT ON COLUMN api.city_overview.country_code IS 'ISO 3166-1 alpha-2 code of the country.';
COMMENT ON COLUMN api.city_overview.country IS 'English name of the country.';
COMMENT ON COLUMN api.city_overview.continent IS 'Continent by GeoNames, in English.';
COMMENT ON COLUMN api.city_overview.population IS 'Inhabitants by GeoNames; NULL if unknown.';
COMMENT ON COLUMN api.city_overview.is_synthetic IS 'True if the town is made up.';
COMMENT ON COLUMN api.city_overview.n_tiles IS 'Number of tiles of the city, over all periods.';
COMMENT ON COLUMN api.city_overview.location IS 'Centre of the city, EPSG:4326.';
COMMENT ON COLUMN api.city_overview.period IS
'Dates (UTC) of its newest composite, nominal if is_date_known is false; NULL without a composite, as the columns below.';
COMMENT ON COLUMN api.city_overview.is_date_known IS 'False if the source of the pixels gives no date.';
COMMENT ON COLUMN api.city_overview.valid_share IS 'Share (0..1) of the composite''s pixels with a clear observation.';
COMMENT ON COLUMN api.city_overview.licences IS 'Licences of the source scenes.';
COMMENT ON COLUMN api.city_overview.attributions IS 'Attributions that the source scenes ask for.';
COMMENT ON COLUMN api.city_overview.first_day IS 'First day (UTC) of period, for programs that cannot read a range.';
COMMENT ON COLUMN api.city_overview.last_day IS 'Last day (UTC) of period, itself included.';
