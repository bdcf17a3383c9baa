-- Export matches to a GeoPackage with ogr2ogr (GDAL), for any GIS (port and password: `terrakin db status`):
--   ogr2ogr -f GPKG matches.gpkg "PG:host=127.0.0.1 port=PORT dbname=terrakin user=terrakin_reader password=PASSWORD" -nln matches -nlt POLYGON -sql @sql/examples/10_export_matches.sql
-- To GeoParquet: -f Parquet matches.parquet, where GDAL was built with Arrow (Debian's was not: `ogrinfo --formats` says);
-- else geopandas.read_postgis(sql, engine, geom_col="footprint").to_parquet("matches.parquet"), as in docs/analyst.ipynb.
SELECT s.rank, s.tile_id, s.city, s.country_code, s.similarity, s.distance_m, s.footprint
FROM (SELECT t.tile_id FROM terrakin.tiles AS t ORDER BY t.tile_id LIMIT 1) AS q
CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 100) AS s
ORDER BY s.rank
