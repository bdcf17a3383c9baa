-- requires: internal/map_envelope.sql
CREATE OR REPLACE FUNCTION tiles.umap(z integer, x integer, y integer, query json)
RETURNS TABLE (mvt bytea, etag text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    -- One unit of the layout is 500 km of the map, so that -40 to 40 units fill the world of EPSG:3857.
    unit_m constant double precision := 500000;
    envelope geometry := internal.map_envelope(z, x, y);
    -- Below z 8 one point represents all points in its cell of 1/96 of the vector tile (5 of 512 pixels): more do not fit into 250 kB.
    cell double precision := CASE WHEN z < 8 THEN (ST_XMax(envelope) - ST_XMin(envelope)) / unit_m / 96 END;
    west double precision := ST_XMin(envelope) / unit_m;
    south double precision := ST_YMin(envelope) / unit_m;
    east double precision := ST_XMax(envelope) / unit_m;
    north double precision := ST_YMax(envelope) / unit_m;
BEGIN
    RETURN QUERY
    WITH placed AS (
        SELECT t.tile_id, t.city_id, t.umap_x, t.umap_y,
            CASE WHEN cell IS NULL THEN t.tile_id ELSE
                (floor((t.umap_x - west) / cell) * 1000 + floor((t.umap_y - south) / cell))::bigint
            END AS place
        FROM terrakin.tiles AS t
        WHERE t.umap_x >= west AND t.umap_x < east
            AND t.umap_y >= south AND t.umap_y < north
    ),
    shown AS (
        SELECT DISTINCT ON (p.place) p.tile_id, p.city_id, p.umap_x, p.umap_y
        FROM placed AS p
        ORDER BY p.place, p.tile_id
    ),
    -- MATERIALIZED here and below: inlined, it would be computed once for each of its four uses.
    points AS MATERIALIZED (
        SELECT
            s.tile_id AS id,
            s.tile_id,
            s.city_id,
            n.continent,
            ST_AsMVTGeom(ST_SetSRID(ST_MakePoint(s.umap_x * unit_m, s.umap_y * unit_m), 3857), envelope, 4096, 0, true) AS geom
        FROM shown AS s
        JOIN terrakin.cities AS c ON c.city_id = s.city_id
        JOIN terrakin.countries AS n ON n.code = c.country_code
        ORDER BY s.tile_id
    ),
    layers AS MATERIALIZED (
        SELECT nullif(ST_AsMVT(p, 'umap', 4096, 'geom', 'id'), '') AS tile
        FROM points AS p
        WHERE p.geom IS NOT NULL
    )
    SELECT l.tile, md5(l.tile)
    FROM layers AS l;
END;
$$;

COMMENT ON FUNCTION tiles.umap IS
'{
    "description": "The UMAP layout as a map, although not of the Earth: one unit of umap_x and umap_y is 500,000 m of EPSG:3857, so that -40 to 40 fill the world. Below zoom 8 one point represents all points in its cell of 1/96 of the vector tile. mvt is NULL for an empty tile, outside the world, or without a layout; etag is the MD5 of mvt. Query parameters are ignored.",
    "attribution": "terrakin",
    "minzoom": 0,
    "maxzoom": 14,
    "bounds": [-180, -85.0511, 180, 85.0511],
    "vector_layers": [
        {
            "id": "umap",
            "description": "One point per tile, at its coordinates in the layout.",
            "minzoom": 0,
            "maxzoom": 14,
            "fields": {
                "tile_id": "Number. Key of the tile; also the feature id",
                "city_id": "Number. Key of the city",
                "continent": "String. Continent of the tile, in English"
            }
        }
    ]
}';
