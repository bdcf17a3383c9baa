-- requires: internal/count_found.sql
-- requires: internal/is_current.sql
CREATE OR REPLACE VIEW api.concept_overview AS
SELECT x.name AS concept, x.unit, c.city_id, c.name AS city, c.country_code, n.name AS country, n.continent, c.is_synthetic,
    f.n_found, f.n_compared, f.best_similarity
FROM terrakin.concepts AS x
CROSS JOIN LATERAL internal.count_found(x) AS f
JOIN terrakin.cities AS c ON c.city_id = f.city_id
JOIN terrakin.countries AS n ON n.code = c.country_code
WHERE internal.is_current(x);

COMMENT ON VIEW api.concept_overview IS
'How many tiles or blocks of each city a concept describes. Select by concept: all keys of its set are compared. A concept
whose keys have been made again has no rows.';
COMMENT ON COLUMN api.concept_overview.concept IS 'Name of the concept (terrakin.concepts).';
COMMENT ON COLUMN api.concept_overview.unit IS 'What it describes: tile or block.';
COMMENT ON COLUMN api.concept_overview.city_id IS 'The city.';
COMMENT ON COLUMN api.concept_overview.city IS 'English name of the city.';
COMMENT ON COLUMN api.concept_overview.country_code IS 'ISO 3166-1 alpha-2 code of the country.';
COMMENT ON COLUMN api.concept_overview.country IS 'English name of the country.';
COMMENT ON COLUMN api.concept_overview.continent IS 'Continent by GeoNames, in English.';
COMMENT ON COLUMN api.concept_overview.is_synthetic IS 'True if the pixels are synthetic, as in the demo.';
COMMENT ON COLUMN api.concept_overview.n_found IS 'Number of its tiles or blocks that the concept describes.';
COMMENT ON COLUMN api.concept_overview.n_compared IS 'Number of its tiles or blocks.';
COMMENT ON COLUMN api.concept_overview.best_similarity IS 'The highest similarity to the direction of the concept, -1 to 1.';
