-- requires: internal/count_found.sql
-- requires: internal/is_current.sql
CREATE OR REPLACE VIEW api.concept_overview AS
SELECT x.name AS concept, x.unit, c.city_id, c.name AS city, n.code AS country_code, n.name AS country, n.continent, c.is_synthetic,
    f.n_found, f.n_compared, f.best_similarity, x.average_precision,
    CASE WHEN x.average_precision IS NULL THEN 'not validated: examples from one area' ELSE 'validated in cities that were held out' END
        AS validation
FROM terrakin.concepts AS x
CROSS JOIN LATERAL internal.count_found(x) AS f
LEFT JOIN terrakin.cities AS c ON c.city_id = f.city_id
LEFT JOIN LATERAL (
    SELECT k.code, k.name, k.continent FROM terrakin.countries AS k WHERE k.country_number = f.country_number
    UNION ALL
    SELECT o.code, o.name, o.continent FROM terrakin.country_outlines AS o WHERE o.country_number = f.country_number
    LIMIT 1
) AS n ON true
WHERE internal.is_current(x);

COMMENT ON VIEW api.concept_overview IS
'How many tiles or blocks of each city a concept describes; of imported items without a city, how many in each cell of
50 km. Select by concept: all keys of its set are compared. A concept whose keys have been made again has no rows.';
COMMENT ON COLUMN api.concept_overview.concept IS 'Name of the concept (terrakin.concepts).';
COMMENT ON COLUMN api.concept_overview.unit IS 'What it describes: tile, block, or the name of an imported set.';
COMMENT ON COLUMN api.concept_overview.city_id IS 'The city; NULL for a cell without one.';
COMMENT ON COLUMN api.concept_overview.city IS 'English name of the city.';
COMMENT ON COLUMN api.concept_overview.country_code IS 'ISO 3166-1 alpha-2 code of the country; NULL at sea.';
COMMENT ON COLUMN api.concept_overview.country IS 'English name of the country.';
COMMENT ON COLUMN api.concept_overview.continent IS 'Continent by GeoNames, in English.';
COMMENT ON COLUMN api.concept_overview.is_synthetic IS 'True if the pixels are synthetic, as in the demo.';
COMMENT ON COLUMN api.concept_overview.n_found IS 'Number of its tiles, blocks or items that the concept describes.';
COMMENT ON COLUMN api.concept_overview.n_compared IS 'Number of its tiles, blocks or items.';
COMMENT ON COLUMN api.concept_overview.best_similarity IS 'The highest similarity to the direction of the concept, -1 to 1.';
COMMENT ON COLUMN api.concept_overview.average_precision IS
'Average precision of the concept in cities, or cells, that were held out, 0 to 1; NULL if it was not validated.';
COMMENT ON COLUMN api.concept_overview.validation IS 'Whether the concept was validated.';
