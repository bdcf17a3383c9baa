-- requires: functions/block_footprint.sql
-- requires: internal/changed_places.sql
-- requires: internal/days_of.sql
-- requires: internal/map_envelope.sql
CREATE OR REPLACE FUNCTION tiles.change(z integer, x integer, y integer, query json)
RETURNS TABLE (mvt bytea, etag text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    envelope constant geometry := internal.map_envelope(z, x, y);
    max_places constant integer := 4000;
    asked_city_id constant bigint := query ->> 'city_id';
    unit constant text := coalesce(query ->> 'unit', 'block');
BEGIN
    IF num_nulls(query ->> 'city_id', query ->> 'period_a', query ->> 'period_b') > 0 THEN
        RAISE EXCEPTION 'city_id, period_a or period_b is missing'
            USING ERRCODE = '22023', HINT = 'Give a city and two periods, ?city_id=1&period_a=2024-06-01/2024-08-31&period_b=2025-06-01/2025-08-31.';
    END IF;
    -- Elsewhere the tile is empty without a comparison.
    IF envelope IS NULL OR NOT EXISTS (
        SELECT FROM terrakin.cities AS c
        WHERE c.city_id = asked_city_id AND ST_Expand(c.extent, 0.2) && ST_Transform(envelope, 4326)
    ) THEN
        RETURN QUERY SELECT NULL::bytea, NULL::text;
        RETURN;
    END IF;
    RETURN QUERY
    WITH changed AS MATERIALIZED (
        SELECT c.item_id, c.b_tile_id AS tile_id, c.a_tile_id AS earlier_tile_id, c.change, c.score, c.ratio,
            CASE WHEN z < 11 THEN c.b_tile_id ELSE c.item_id END AS shown_id
        FROM internal.changed_places(
            asked_city_id, internal.days_of(query ->> 'period_a'), internal.days_of(query ->> 'period_b'), unit,
            -- A place is drawn in each vector tile that it reaches into.
            CASE WHEN z >= 11 THEN ST_Transform(ST_Expand(envelope, CASE unit WHEN 'block' THEN 1000 ELSE 5000 END), 4326) END
        ) AS c
    ),
    -- Below zoom 11 a block is too small: its tile has the change of its most changed block.
    shown AS (
        SELECT DISTINCT ON (c.shown_id) c.*
        FROM changed AS c
        WHERE z >= 6
        ORDER BY c.shown_id, c.ratio DESC
    ),
    drawn AS (
        SELECT CASE WHEN unit = 'block' AND z >= 11 THEN s.item_id ELSE s.tile_id END AS id,
            CASE unit WHEN 'block' THEN s.item_id END AS block_id, s.tile_id, s.earlier_tile_id, s.change::real AS change,
            s.score::real AS score, s.ratio,
            ST_AsMVTGeom(
                ST_Transform(CASE WHEN unit = 'block' AND z >= 11 THEN api.block_footprint(s.item_id) ELSE t.footprint END, 3857),
                envelope, 4096, 64, true
            ) AS geom
        FROM shown AS s
        JOIN terrakin.tiles AS t ON t.tile_id = s.tile_id
        ORDER BY s.ratio DESC
        LIMIT max_places
    ),
    layers AS (
        -- The most changed one is drawn last, on top.
        SELECT nullif(ST_AsMVT(o, 'change', 4096, 'geom', 'id'), '') AS tile
        FROM (
            SELECT d.id, d.block_id, d.tile_id, d.earlier_tile_id, d.change, d.score, d.geom
            FROM drawn AS d
            WHERE d.geom IS NOT NULL
            ORDER BY d.ratio
        ) AS o
    )
    SELECT l.tile, md5(l.tile)
    FROM layers AS l;
END;
$$;

COMMENT ON FUNCTION tiles.change IS
'{
    "description": "What changed in a city between two periods: see api.changes. Query parameters: city_id; period_a and period_b, first and last day as in 2024-06-01/2024-08-31; unit: block (default) or tile. Layer change contains the footprints of the 4,000 most changed blocks from zoom 11, below it of tiles, each with its most changed block. mvt is NULL for an empty tile, outside the world, and for an unknown city; etag is the MD5 of mvt. A missing parameter raises SQLSTATE 22023, a period without tiles P0002.",
    "attribution": "City positions: <a href=\"https://www.geonames.org/\">GeoNames</a> (CC BY 4.0)",
    "minzoom": 6,
    "maxzoom": 14,
    "bounds": [-180, -85.0511, 180, 85.0511],
    "vector_layers": [
        {
            "id": "change",
            "description": "Footprint of a block (320 m) or tile (2,240 m), the most changed one last; feature id: block_id or tile_id.",
            "minzoom": 6,
            "maxzoom": 14,
            "fields": {
                "block_id": "Number. Key of the block in the later period; below zoom 11 the most changed block of the tile",
                "tile_id": "Number. Key of the tile in the later period",
                "earlier_tile_id": "Number. Key of the tile in the earlier period",
                "change": "Number. Length of the difference of the two keys beyond that of the season",
                "score": "Number. Robust standard deviations above the median of the city"
            }
        }
    ]
}';
