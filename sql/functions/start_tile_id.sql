-- requires: internal/start_candidates.sql
CREATE OR REPLACE FUNCTION api.start_tile_id()
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT c.tile_id
    FROM internal.start_candidates() AS c
    LIMIT 1;
$$;

COMMENT ON FUNCTION api.start_tile_id IS
'Return the tile that the map opens with: of a real place rather than a synthetic town, and with the most similar tile in
another city. One tile of each of the 50 composites with the largest valid_share is compared. NULL without tiles.';
