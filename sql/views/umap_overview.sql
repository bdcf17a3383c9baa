CREATE OR REPLACE VIEW api.umap_overview AS
SELECT
    t.tile_id,
    t.city_id,
    c.name AS city,
    c.country_code,
    n.name AS country,
    n.continent,
    t.valid_share,
    t.dominant_share,
    c.is_synthetic,
    ST_MakePoint(t.umap_x, t.umap_y)::geometry(Point, 0) AS place
FROM terrakin.tiles AS t
JOIN terrakin.cities AS c ON c.city_id = t.city_id
JOIN terrakin.countries AS n ON n.code = c.country_code
WHERE t.umap_x IS NOT NULL AND t.umap_y IS NOT NULL;

COMMENT ON VIEW api.umap_overview IS
'All tiles as points in the plane of the UMAP layout, which is not a map of the Earth: for QGIS (key: tile_id).';
COMMENT ON COLUMN api.umap_overview.tile_id IS 'Key; api.tile_cell returns its parts.';
COMMENT ON COLUMN api.umap_overview.city_id IS 'City that the tile belongs to (terrakin.cities).';
COMMENT ON COLUMN api.umap_overview.city IS 'English name of the city.';
COMMENT ON COLUMN api.umap_overview.country_code IS 'ISO 3166-1 alpha-2 code of the country.';
COMMENT ON COLUMN api.umap_overview.country IS 'English name of the country.';
COMMENT ON COLUMN api.umap_overview.continent IS 'Continent by GeoNames, in English.';
COMMENT ON COLUMN api.umap_overview.valid_share IS 'Share (0..1) of the tile''s pixels with a clear observation.';
COMMENT ON COLUMN api.umap_overview.dominant_share IS 'Share (0..1) of the patches in the cluster whose mean is embedding_dominant.';
COMMENT ON COLUMN api.umap_overview.is_synthetic IS 'True if the pixels are synthetic, as in the demo.';
COMMENT ON COLUMN api.umap_overview.place IS 'Point (umap_x, umap_y) without CRS (SRID 0) and unit.';
