-- requires: internal/area_of_item.sql
CREATE OR REPLACE VIEW api.imported_overview AS
SELECT s.name AS unit, i.item_id, i.source_id, i.observed_at, c.city_id, c.name AS city, i.country_code,
    i.properties, ST_X(i.location) AS lon, ST_Y(i.location) AS lat, i.location, internal.area_of_item(i.geometry, s.size_m) AS footprint,
    (SELECT o.name FROM terrakin.country_outlines AS o WHERE o.code = i.country_code ORDER BY o.outline_id LIMIT 1) AS country
FROM terrakin.imported_sets AS s
JOIN terrakin.imported_items AS i ON i.imported_set_id = s.imported_set_id
LEFT JOIN terrakin.cities AS c ON c.city_id = i.place_id
WHERE s.is_complete;

COMMENT ON VIEW api.imported_overview IS
'Items of all imported sets. Searches take the name of a set as their unit: api.similar_to_examples(ARRAY[item_id],
unit => name).';
COMMENT ON COLUMN api.imported_overview.unit IS 'Name of the set.';
COMMENT ON COLUMN api.imported_overview.item_id IS 'Number of the item in its set.';
COMMENT ON COLUMN api.imported_overview.source_id IS 'Id in the file; NULL if it has none.';
COMMENT ON COLUMN api.imported_overview.observed_at IS 'Date (UTC) of the imagery, as in the file; NULL if unknown.';
COMMENT ON COLUMN api.imported_overview.city_id IS 'City whose extent contains the centre; NULL without one.';
COMMENT ON COLUMN api.imported_overview.city IS 'English name of that city.';
COMMENT ON COLUMN api.imported_overview.country_code IS 'ISO 3166-1 alpha-2 code of the country; NULL at sea.';
COMMENT ON COLUMN api.imported_overview.properties IS 'The other columns of the file: properties ->> ''name''.';
COMMENT ON COLUMN api.imported_overview.lon IS 'Longitude of the centre, degrees, EPSG:4326.';
COMMENT ON COLUMN api.imported_overview.lat IS 'Latitude of the centre, degrees, EPSG:4326.';
COMMENT ON COLUMN api.imported_overview.location IS 'Centre, EPSG:4326.';
COMMENT ON COLUMN api.imported_overview.footprint IS
'What the vector describes, EPSG:4326: around a point, a square of the size_m of its set.';
COMMENT ON COLUMN api.imported_overview.country IS 'English name of that country.';
