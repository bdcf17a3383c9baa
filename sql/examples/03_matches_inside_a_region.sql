-- Which places inside a region look like this tile? Only tiles whose centres lie in a polygon (GeoJSON, EPSG:4326).
-- Change: the polygon (geojson.io draws one). Across the antimeridian, draw on beyond 180 degrees: 170 to 190.
WITH region AS (
    SELECT ST_SetSRID(ST_GeomFromGeoJSON(
        '{"type": "Polygon", "coordinates": [[[-180, 0], [180, 0], [180, 85], [-180, 85], [-180, 0]]]}'
    ), 4326) AS shape
),
query AS (
    SELECT t.tile_id
    FROM terrakin.tiles AS t
    ORDER BY t.tile_id
    LIMIT 1
)
SELECT s.rank, s.tile_id, s.city, s.similarity, ST_Y(ST_Centroid(s.footprint)) AS lat, s.compared, s.is_exact
FROM query AS q
CROSS JOIN region AS r
CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 10, within => r.shape) AS s
ORDER BY s.rank;
