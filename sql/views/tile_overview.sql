CREATE OR REPLACE VIEW api.tile_overview AS
SELECT
    t.tile_id,
    t.city_id,
    c.name AS city,
    c.country_code,
    n.name AS country,
    n.continent,
    t.period,
    t.valid_share,
    t.dominant_share,
    t.umap_x,
    t.umap_y,
    ST_X(t.location::geometry) AS lon,
    ST_Y(t.location::geometry) AS lat,
    c.is_synthetic,
    t.footprint,
    EXISTS (SELECT FROM terrakin.tile_thumbnails AS h WHERE h.tile_id = t.tile_id) AS has_thumbnail,
    m.is_date_known,
    m.licences,
    m.attributions,
    lower(t.period) AS first_day,
    upper(t.period) - 1 AS last_day
FROM terrakin.tiles AS t
JOIN terrakin.cities AS c ON c.city_id = t.city_id
JOIN terrakin.countries AS n ON n.code = c.country_code
JOIN terrakin.composites AS m ON m.composite_id = t.composite_id;

COMMENT ON VIEW api.tile_overview IS
'All tiles with city, country and position, without the vectors: for maps, QGIS (key: tile_id) and tables.';
COMMENT ON COLUMN api.tile_overview.tile_id IS 'Key; api.tile_cell returns its parts.';
COMMENT ON COLUMN api.tile_overview.city_id IS 'City that the tile belongs to (terrakin.cities).';
COMMENT ON COLUMN api.tile_overview.city IS 'English name of the city.';
COMMENT ON COLUMN api.tile_overview.country_code IS 'ISO 3166-1 alpha-2 code of the country.';
COMMENT ON COLUMN api.tile_overview.country IS 'English name of the country.';
COMMENT ON COLUMN api.tile_overview.continent IS 'Continent by GeoNames, in English.';
COMMENT ON COLUMN api.tile_overview.period IS 'Dates (UTC) of the composite; nominal if is_date_known is false.';
COMMENT ON COLUMN api.tile_overview.valid_share IS 'Share (0..1) of the tile''s pixels with a clear observation.';
COMMENT ON COLUMN api.tile_overview.dominant_share IS 'Share (0..1) of the patches in the cluster whose mean is embedding_dominant.';
COMMENT ON COLUMN api.tile_overview.umap_x IS 'Horizontal coordinate in the UMAP layout.';
COMMENT ON COLUMN api.tile_overview.umap_y IS 'Vertical coordinate in the UMAP layout.';
COMMENT ON COLUMN api.tile_overview.lon IS 'Longitude of the tile''s centre, degrees, EPSG:4326.';
COMMENT ON COLUMN api.tile_overview.lat IS 'Latitude of the tile''s centre, degrees, EPSG:4326.';
COMMENT ON COLUMN api.tile_overview.is_synthetic IS 'True if the pixels are synthetic, as in the demo.';
COMMENT ON COLUMN api.tile_overview.footprint IS 'Outline of the tile, EPSG:4326.';
COMMENT ON COLUMN api.tile_overview.has_thumbnail IS 'True if terrakin.tile_thumbnails has its thumbnail.';
COMMENT ON COLUMN api.tile_overview.is_date_known IS 'False if the source of the pixels gives no date.';
COMMENT ON COLUMN api.tile_overview.licences IS 'Licences of the source scenes.';
COMMENT ON COLUMN api.tile_overview.attributions IS 'Attributions that the source scenes ask for.';
COMMENT ON COLUMN api.tile_overview.first_day IS 'First day (UTC) of period, for programs that cannot read a range.';
COMMENT ON COLUMN api.tile_overview.last_day IS 'Last day (UTC) of period, itself included.';
