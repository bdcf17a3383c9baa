-- requires: functions/block_footprint.sql
-- requires: internal/set_id.sql
CREATE OR REPLACE VIEW api.block_overview AS
SELECT
    e.item_id AS block_id,
    t.tile_id,
    e.city_id,
    c.name AS city,
    c.country_code,
    n.name AS country,
    n.continent,
    t.period,
    e.valid_share,
    ST_X(e.location) AS lon,
    ST_Y(e.location) AS lat,
    c.is_synthetic,
    m.is_date_known,
    m.licences,
    m.attributions,
    e.location,
    api.block_footprint(e.item_id) AS footprint,
    lower(t.period) AS first_day,
    upper(t.period) - 1 AS last_day
FROM terrakin.embedding_keys AS e
JOIN terrakin.tiles AS t ON t.tile_id = e.item_id >> 6
JOIN terrakin.cities AS c ON c.city_id = e.city_id
JOIN terrakin.countries AS n ON n.code = c.country_code
JOIN terrakin.composites AS m ON m.composite_id = t.composite_id
-- A subquery is evaluated before Citus sends the statement to the workers.
WHERE e.set_id = (SELECT internal.set_id('block', 'mean') FROM terrakin.embedding_sets AS s LIMIT 1);

COMMENT ON VIEW api.block_overview IS
'All blocks of 320 m with city, country and position: for maps, QGIS (key: block_id) and tables. Select an area by
location, which has an index.';
COMMENT ON COLUMN api.block_overview.block_id IS 'Key; api.block_cell returns its parts.';
COMMENT ON COLUMN api.block_overview.tile_id IS 'Tile that the block is part of.';
COMMENT ON COLUMN api.block_overview.city_id IS 'City that the tile belongs to (terrakin.cities).';
COMMENT ON COLUMN api.block_overview.city IS 'English name of the city.';
COMMENT ON COLUMN api.block_overview.country_code IS 'ISO 3166-1 alpha-2 code of the country.';
COMMENT ON COLUMN api.block_overview.country IS 'English name of the country.';
COMMENT ON COLUMN api.block_overview.continent IS 'Continent by GeoNames, in English.';
COMMENT ON COLUMN api.block_overview.period IS 'Dates (UTC) of the composite; nominal if is_date_known is false.';
COMMENT ON COLUMN api.block_overview.valid_share IS 'Share (0..1) of the block''s pixels with a clear observation.';
COMMENT ON COLUMN api.block_overview.lon IS 'Longitude of the block''s centre, degrees, EPSG:4326.';
COMMENT ON COLUMN api.block_overview.lat IS 'Latitude of the block''s centre, degrees, EPSG:4326.';
COMMENT ON COLUMN api.block_overview.is_synthetic IS 'True if the pixels are synthetic, as in the demo.';
COMMENT ON COLUMN api.block_overview.is_date_known IS 'False if the source of the pixels gives no date.';
COMMENT ON COLUMN api.block_overview.licences IS 'Licences of the source scenes.';
COMMENT ON COLUMN api.block_overview.attributions IS 'Attributions that the source scenes ask for.';
COMMENT ON COLUMN api.block_overview.location IS 'Centre of the block, EPSG:4326.';
COMMENT ON COLUMN api.block_overview.footprint IS 'Outline of the block, EPSG:4326.';
COMMENT ON COLUMN api.block_overview.first_day IS 'First day (UTC) of period, for programs that cannot read a range.';
COMMENT ON COLUMN api.block_overview.last_day IS 'Last day (UTC) of period, itself included.';
