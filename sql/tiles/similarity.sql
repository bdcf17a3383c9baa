-- requires: functions/block_footprint.sql
-- requires: internal/block_square.sql
-- requires: internal/map_envelope.sql
-- requires: internal/map_items.sql
-- requires: internal/map_question.sql
-- requires: internal/map_similarities.sql
CREATE OR REPLACE FUNCTION tiles.similarity(z integer, x integer, y integer, query json)
RETURNS TABLE (mvt bytea, etag text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    question record := internal.map_question(query);
    unit text := question.unit;
    anchor internal.search_anchor := question.anchor;
    is_block boolean := unit = 'block' AND z >= 11;
    envelope geometry := internal.map_envelope(z, x, y);
BEGIN
    -- An error would be a line in Martin's log, and anybody could fill its disk with them.
    IF envelope IS NULL OR anchor.embedding IS NULL THEN
        RETURN QUERY SELECT NULL::bytea, NULL::text;
        RETURN;
    END IF;
    IF unit NOT IN ('tile', 'block') THEN
        RETURN QUERY SELECT m.mvt, md5(m.mvt) FROM internal.map_items(z, envelope, anchor, unit) AS m(mvt);
        RETURN;
    END IF;
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT
            s.item_id,
            CASE WHEN unit = 'tile' THEN s.item_id ELSE s.item_id >> 6 END AS tile_id,
            CASE WHEN unit = 'block' THEN s.item_id END AS block_id,
            s.city_id,
            s.similarity::real AS similarity
        FROM internal.map_similarities(
            z, envelope, anchor, unit, question.method, query ->> 'origin'
        ) AS s
    ),
    footprints AS MATERIALIZED (
        SELECT
            CASE WHEN is_block THEN f.block_id ELSE f.tile_id END AS id,
            f.tile_id,
            f.block_id,
            f.city_id,
            f.similarity,
            n.is_synthetic,
            ST_AsMVTGeom(
                CASE
                    -- A block on the antimeridian would be drawn round the whole Earth.
                    WHEN is_block AND abs(ST_X(t.location::geometry)) > 179 THEN ST_Transform(api.block_footprint(f.block_id), 3857)
                    WHEN is_block THEN ST_Transform(internal.block_square(f.block_id), 3857)
                    ELSE ST_Transform(t.footprint, 3857)
                END, envelope, 4096, 64, true
            ) AS geom
        FROM found AS f
        JOIN terrakin.tiles AS t ON t.tile_id = f.tile_id
        JOIN terrakin.cities AS n ON n.city_id = f.city_id
        WHERE z >= 6
        ORDER BY lower(t.period), f.item_id
    ),
    points AS MATERIALIZED (
        SELECT
            f.city_id,
            n.name AS city,
            f.tile_id AS best_tile_id,
            f.block_id AS best_block_id,
            f.similarity,
            n.is_synthetic,
            ST_AsMVTGeom(ST_Transform(n.location::geometry, 3857), envelope, 4096, 0, true) AS geom
        FROM found AS f
        JOIN terrakin.cities AS n ON n.city_id = f.city_id
        WHERE z < 6
        ORDER BY f.similarity, f.city_id
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
    "description": "Similarity to a question. Query parameters: tile_id or block_id, what to compare with; or positive and negative, up to 100 ids each, separated by commas, with unit=block for blocks or the name of an imported set for its items; or key, from api.question_key; or concept, a name of terrakin.concepts; method: mean, dominant, median, min, max, std or mean_std (default: that of the encoder; blocks: mean); origin: real, synthetic or any (default: that of what is compared with). Layer similarity contains footprints: of tiles, or from zoom 11 of blocks, in a search by block; at most 4,000, the most similar (from zoom 6; feature id = tile_id or, for blocks, block_id). Between zoom 6 and 10, a tile then has the similarity of its best block. Layer cities (below zoom 6) contains one point per city with its most similar tile or block, by the keys that searches compare. Where cities have more than 1,000 tiles, zooms below 11 contain only tiles and cities with one of the 20,000 blocks in the lists nearest to the question. mvt is NULL for an empty tile, outside the world, for an unknown tile or block, and for a key of keys that have been fitted again; etag is the MD5 of mvt. A missing question or an unknown origin raises SQLSTATE 22023.",
    "attribution": "City positions: <a href=\"https://www.geonames.org/\">GeoNames</a> (CC BY 4.0)",
    "minzoom": 0,
    "maxzoom": 14,
    "bounds": [-180, -85.0511, 180, 85.0511],
    "vector_layers": [
        {
            "id": "similarity",
            "description": "Footprint of a tile (2,240 m) or block (320 m), ordered by period, newest last; from zoom 11, area of an item of an imported set, the most similar last.",
            "minzoom": 6,
            "maxzoom": 14,
            "fields": {
                "tile_id": "Number. Key of the tile, or of the tile of the block",
                "block_id": "Number. Key of the block; below zoom 11 the best block of the tile. Only in a search by block",
                "city_id": "Number. Key of the city",
                "similarity": "Number. Cosine with the query tile or block, -1 to 1",
                "is_synthetic": "Boolean. True if the pixels are generated"
            }
        },
        {
            "id": "items",
            "description": "Centre of an item of an imported set. At most 4,000, the most similar last; below zoom 9 those among the 20,000 in the lists nearest to the question.",
            "minzoom": 0,
            "maxzoom": 14,
            "fields": {
                "similarity": "Number. Cosine with the question, -1 to 1"
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
                "best_tile_id": "Number. Key of its most similar tile, or of the tile of its most similar block",
                "best_block_id": "Number. Key of its most similar block. Only in a search by block",
                "similarity": "Number. Cosine of that tile or block with that of the query, -1 to 1",
                "is_synthetic": "Boolean. True if the town is made up"
            }
        }
    ]
}';
