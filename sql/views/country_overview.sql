CREATE OR REPLACE VIEW api.country_overview AS
SELECT
    n.code AS country_code,
    n.name AS country,
    n.continent,
    count(t.n_tiles) AS n_cities,
    coalesce(sum(t.n_tiles), 0)::bigint AS n_tiles
FROM terrakin.countries AS n
LEFT JOIN terrakin.cities AS c ON c.country_code = n.code
LEFT JOIN (
    SELECT o.city_id, count(*) AS n_tiles
    FROM terrakin.tiles AS o
    GROUP BY o.city_id
) AS t ON t.city_id = c.city_id
GROUP BY n.code;

COMMENT ON VIEW api.country_overview IS 'All countries of the catalogue, with the number of their cities that have tiles and the number of tiles.';
COMMENT ON COLUMN api.country_overview.country_code IS 'Key: ISO 3166-1 alpha-2 code.';
COMMENT ON COLUMN api.country_overview.country IS 'English name.';
COMMENT ON COLUMN api.country_overview.continent IS 'Continent by GeoNames, in English.';
COMMENT ON COLUMN api.country_overview.n_cities IS 'Number of cities that have tiles.';
COMMENT ON COLUMN api.country_overview.n_tiles IS 'Number of tiles, over all periods.';
