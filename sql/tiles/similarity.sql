-- requires: functions/tile_embedding.sql
-- requires: internal/cities_in.sql
-- requires: internal/default_method.sql
-- requires: internal/wanted_origin.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION tiles.similarity(z integer, x integer, y integer, query json)
RETURNS TABLE (mvt bytea, etag text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    used_method text := coalesce(query ->> 'method', internal.default_method());
    queried vector;
    only_city_ids bigint[];
    cities_here bigint[];
BEGIN
    -- Martin and the web app pass NULL for a tile outside the pyramid.
    IF z IS NULL THEN
        RETURN QUERY SELECT NULL::bytea, NULL::text;
        RETURN;
    END IF;
    IF NOT coalesce(query ->> 'tile_id' ~ '^-?\d{1,18}$', false) THEN
        RAISE EXCEPTION 'tile_id is %', coalesce(quote_literal(query ->> 'tile_id'), 'missing')
            USING ERRCODE = '22023', HINT = 'Give the tile to compare the others with, for example ?tile_id=123.';
    END IF;
    queried := api.tile_embedding((query ->> 'tile_id')::bigint, used_method);
    only_city_ids := internal.cities_in(NULL, NULL, internal.wanted_origin(
        query ->> 'origin',
        (
            SELECT c.is_synthetic
            FROM terrakin.tiles AS t
            JOIN terrakin.cities AS c ON c.city_id = t.city_id
            WHERE t.tile_id = (query ->> 'tile_id')::bigint
        )
    ));
    -- Looked up first, so that the plan fits their number: one pass over all tiles for the world, the index for a few cities.
    IF z < 6 THEN
        SELECT array_agg(c.city_id)
        INTO cities_here
        FROM terrakin.cities AS c
        WHERE c.location::geometry && ST_Transform(ST_TileEnvelope(z, x, y), 4326)
            AND (only_city_ids IS NULL OR c.city_id = ANY (only_city_ids));
    END IF;
    RETURN QUERY
    WITH envelope AS (
        SELECT
            ST_TileEnvelope(z, x, y) AS mercator,
            ST_Transform(ST_TileEnvelope(z, x, y), 4326) AS lonlat
    ),
    -- From z 6 the tiles in the envelope, below z 6 the tiles of the cities in it.
    wanted AS (
        SELECT t.tile_id, t.city_id, t.footprint, t.period
        FROM envelope AS e
        JOIN terrakin.tiles AS t ON t.footprint && e.lonlat
        WHERE z >= 6
            AND (only_city_ids IS NULL OR t.city_id = ANY (only_city_ids))
        UNION ALL
        SELECT t.tile_id, t.city_id, NULL, NULL
        FROM terrakin.tiles AS t
        WHERE z < 6 AND t.city_id = ANY (cities_here)
    ),
    -- MATERIALIZED here and below: inlined, it would be computed once for each use.
    compared AS MATERIALIZED (
        SELECT w.tile_id, w.city_id, w.footprint, w.period, 1 - (v.embedding <=> queried) AS similarity
        FROM wanted AS w
        JOIN api.tile_vectors AS v ON v.tile_id = w.tile_id AND v.method = used_method
    ),
    footprints AS MATERIALIZED (
        SELECT
            c.tile_id AS id,
            c.tile_id,
            c.city_id,
            c.similarity::real AS similarity,
            n.is_synthetic,
            ST_AsMVTGeom(ST_Transform(c.footprint, 3857), e.mercator, 4096, 64, true) AS geom
        FROM compared AS c
        JOIN terrakin.cities AS n ON n.city_id = c.city_id
        CROSS JOIN envelope AS e
        WHERE z >= 6 AND c.similarity <> 'NaN'
        ORDER BY lower(c.period), c.tile_id
    ),
    -- Below z 6 the most similar tile represents its city. First the highest similarity, then the tile that has it:
    -- sorting all tiles of a city would take as long as comparing them.
    best AS (
        SELECT h.city_id, h.similarity, min(c.tile_id) AS tile_id
        FROM (
            SELECT c.city_id, max(c.similarity) AS similarity
            FROM compared AS c
            WHERE z < 6 AND c.similarity <> 'NaN'
            GROUP BY c.city_id
        ) AS h
        JOIN compared AS c ON c.city_id = h.city_id AND c.similarity = h.similarity
        GROUP BY h.city_id, h.similarity
    ),
    points AS MATERIALIZED (
        SELECT
            b.city_id,
            n.name AS city,
            b.tile_id AS best_tile_id,
            b.similarity::real AS similarity,
            n.is_synthetic,
            ST_AsMVTGeom(ST_Transform(n.location::geometry, 3857), e.mercator, 4096, 0, true) AS geom
        FROM best AS b
        JOIN terrakin.cities AS n ON n.city_id = b.city_id
        CROSS JOIN envelope AS e
        ORDER BY b.similarity, b.city_id
    ),
    layers AS MATERIALIZED (
        SELECT nullif(
            (SELECT coalesce(ST_AsMVT(f, 'similarity', 4096, 'geom', 'id'), '') FROM footprints AS f WHERE f.geom IS NOT NULL)
            || (SELECT coalesce(ST_AsMVT(p, 'cities', 4096, 'geom'), '') FROM points AS p WHERE p.geom IS NOT NULL),
            ''
        ) AS tile
    )
    SELECT l.tile, md5(l.tile)
    FROM layers AS l;
END;
$$;

COMMENT ON FUNCTION tiles.similarity IS
'{
    "description": "Similarity of every tile to one tile. Query parameters: tile_id, the tile to compare with; method: mean, dominant, median, min, max, std or mean_std (default: that of the encoder); origin: real, synthetic or any (default: that of the tile). Layer similarity contains footprints (from zoom 6; feature id = tile_id), layer cities (below zoom 6) one point per city with its most similar tile. mvt is NULL for an empty tile; etag is the MD5 of mvt. An unknown tile raises SQLSTATE P0002, a missing tile_id, an unknown method or origin 22023.",
    "attribution": "City positions: <a href=\"https://www.geonames.org/\">GeoNames</a> (CC BY 4.0)",
    "minzoom": 0,
    "maxzoom": 14,
    "bounds": [-180, -85.0511, 180, 85.0511],
    "vector_layers": [
        {
            "id": "similarity",
            "description": "Footprint of a tile: 224 x 224 pixels of 10 m. Ordered by period, newest last.",
            "minzoom": 6,
            "maxzoom": 14,
            "fields": {
                "tile_id": "Number. Key of the tile; also the feature id",
                "city_id": "Number. Key of the city",
                "similarity": "Number. Cosine with the query tile, -1 to 1",
                "is_synthetic": "Boolean. True if the pixels are generated"
            }
        },
        {
            "id": "cities",
            "description": "Centre of a city that has tiles. The most similar city comes last, so that it is drawn on top.",
            "minzoom": 0,
            "maxzoom": 5,
            "fields": {
                "city_id": "Number. Key of the city; negative for a synthetic town",
                "city": "String. English name of the city",
                "best_tile_id": "Number. Key of its most similar tile",
                "similarity": "Number. Cosine of that tile with the query tile, -1 to 1",
                "is_synthetic": "Boolean. True if the town is made up"
            }
        }
    ]
}';
