CREATE OR REPLACE VIEW api.city_overview AS
SELECT
    c.city_id,
    c.name AS city,
    c.country_code,
    n.name AS country,
    n.continent,
    c.population,
    c.is_synthetic,
    count(t.tile_id) AS n_tiles,
    c.location::geometry(Point, 4326) AS location
FROM terrakin.cities AS c
JOIN terrakin.countries AS n ON n.code = c.country_code
LEFT JOIN terrakin.tiles AS t ON t.city_id = c.city_id
GROUP BY c.city_id, n.code;

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
