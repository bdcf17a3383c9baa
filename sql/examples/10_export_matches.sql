-- How do I export matches for a GIS? To a GeoPackage with ogr2ogr (GDAL); `terrakin db status` prints port and password:
--   ogr2ogr -f GPKG matches.gpkg "PG:host=127.0.0.1 port=PORT dbname=terrakin user=terrakin_reader password=PASSWORD" -nln matches -nlt POLYGON -sql @sql/examples/10_export_matches.sql
-- To GeoParquet: -f Parquet matches.parquet, if your GDAL has the Arrow driver (`ogrinfo --formats` lists it; Debian's
-- has not); otherwise geopandas.read_postgis(sql, engine, geom_col="footprint").to_parquet("matches.parquet").
SELECT s.rank, s.tile_id, s.city, s.country_code, s.similarity, s.distance_m, o.is_synthetic,
    CASE WHEN o.is_date_known THEN o.period::text ELSE 'date unknown' END AS period,
    array_to_string(o.licences, ' | ') AS licences, array_to_string(o.attributions, ' | ') AS attributions, s.footprint
FROM (SELECT t.tile_id FROM terrakin.tiles AS t ORDER BY t.tile_id LIMIT 1) AS q
CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 100) AS s
JOIN api.tile_overview AS o ON o.tile_id = s.tile_id
ORDER BY s.rank
