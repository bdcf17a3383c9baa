-- requires: views/tile_overview.sql
CREATE OR REPLACE FUNCTION api.start_tile_id()
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT o.tile_id
    FROM api.tile_overview AS o
    JOIN terrakin.cities AS c ON c.city_id = o.city_id
    ORDER BY o.is_synthetic, o.has_thumbnail DESC, o.valid_share DESC, c.population DESC NULLS LAST, o.tile_id
    LIMIT 1;
$$;

COMMENT ON FUNCTION api.start_tile_id IS
'Return the tile that the map opens with: of a real place rather than a synthetic town, with a thumbnail, with the
largest valid_share, of the largest city. NULL without tiles.';
