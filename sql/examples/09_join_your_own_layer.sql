-- Which cities have matches of the polygons in my own PostGIS layer?
-- n_tiles: tiles of the polygon with matches in the other city; n_matches: number of matches; similarity: their mean.
-- Change: replace the two named boxes by your table (SELECT name, geom FROM my_schema.my_layer), in EPSG:4326.
WITH my_layer (name, geom) AS (
    SELECT 'around ' || c.city, ST_Expand(c.location, 0.1)
    FROM api.city_overview AS c
    WHERE c.n_tiles > 0
    ORDER BY c.n_tiles DESC, c.city_id
    LIMIT 2
)
SELECT l.name, count(DISTINCT t.tile_id) AS n_tiles, s.city AS other_city, count(*) AS n_matches,
    avg(s.similarity) AS similarity
FROM my_layer AS l
-- The footprint has the spatial index; the centre decides.
JOIN terrakin.tiles AS t ON t.footprint && l.geom AND ST_Intersects(t.location::geometry, l.geom)
CROSS JOIN LATERAL api.similar_tiles(t.tile_id, k => 5) AS s
GROUP BY l.name, s.city
ORDER BY l.name, n_matches DESC, s.city;
