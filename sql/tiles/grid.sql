-- requires: internal/map_envelope.sql
CREATE OR REPLACE FUNCTION tiles.grid(z integer, x integer, y integer, query json)
RETURNS TABLE (mvt bytea, etag text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    WITH envelope AS (
        SELECT
            internal.map_envelope(z, x, y) AS mercator,
            ST_Transform(internal.map_envelope(z, x, y), 4326) AS lonlat
    ),
    -- Below z 6 a footprint is smaller than a pixel and ST_AsMVTGeom would drop it: city points represent the tiles there.
    -- MATERIALIZED here and below: inlined, it would be computed once for each of its four uses.
    footprints AS MATERIALIZED (
        SELECT
            t.tile_id AS id,
            t.tile_id,
            t.city_id,
            c.name AS city,
            c.country_code,
            c.is_synthetic,
            ST_AsMVTGeom(ST_Transform(t.footprint, 3857), e.mercator, 4096, 64, true) AS geom
        FROM envelope AS e
        JOIN terrakin.tiles AS t ON t.footprint && e.lonlat
        JOIN terrakin.cities AS c ON c.city_id = t.city_id
        WHERE z >= 6
        ORDER BY lower(t.period), t.tile_id
    ),
    points AS MATERIALIZED (
        SELECT
            c.city_id,
            c.name AS city,
            c.country_code,
            c.is_synthetic,
            n.n_tiles,
            ST_AsMVTGeom(ST_Transform(c.location::geometry, 3857), e.mercator, 4096, 0, true) AS geom
        FROM envelope AS e
        JOIN terrakin.cities AS c ON c.location::geometry && e.lonlat
        JOIN LATERAL (
            SELECT count(*) AS n_tiles
            FROM terrakin.tiles AS t
            WHERE t.city_id = c.city_id
        ) AS n ON n.n_tiles > 0
        ORDER BY n.n_tiles DESC, c.city_id
    ),
    layers AS MATERIALIZED (
        SELECT nullif(
            (SELECT coalesce(ST_AsMVT(f, 'grid', 4096, 'geom', 'id'), '') FROM footprints AS f WHERE f.geom IS NOT NULL)
            || (SELECT coalesce(ST_AsMVT(p, 'cities', 4096, 'geom'), '') FROM points AS p WHERE p.geom IS NOT NULL),
            ''
        ) AS mvt
    )
    SELECT l.mvt, md5(l.mvt)
    FROM layers AS l;
$$;

COMMENT ON FUNCTION tiles.grid IS
'{
    "description": "Positions of all tiles: layer grid contains footprints (from zoom 6; feature id = tile_id), layer cities one point per city. mvt is NULL for an empty tile, and outside the world; etag is the MD5 of mvt. Query parameters are ignored.",
    "attribution": "City positions: <a href=\"https://www.geonames.org/\">GeoNames</a> (CC BY 4.0)",
    "minzoom": 0,
    "maxzoom": 14,
    "bounds": [-180, -85.0511, 180, 85.0511],
    "vector_layers": [
        {
            "id": "grid",
            "description": "Footprint of a tile: 224 x 224 pixels of 10 m. Ordered by period, newest last.",
            "minzoom": 6,
            "maxzoom": 14,
            "fields": {
                "tile_id": "Number. Key of the tile; also the feature id",
                "city_id": "Number. Key of the city",
                "city": "String. English name of the city",
                "country_code": "String. ISO 3166-1 alpha-2 code of the country",
                "is_synthetic": "Boolean. True if the pixels are generated"
            }
        },
        {
            "id": "cities",
            "description": "Centre of a city that has tiles. The city with the most tiles comes first.",
            "minzoom": 0,
            "maxzoom": 14,
            "fields": {
                "city_id": "Number. Key of the city; negative for a synthetic town",
                "city": "String. English name of the city",
                "country_code": "String. ISO 3166-1 alpha-2 code of the country",
                "is_synthetic": "Boolean. True if the town is made up",
                "n_tiles": "Number. Number of tiles of the city, over all periods"
            }
        }
    ]
}';
