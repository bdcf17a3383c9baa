-- requires: functions/tile_embedding.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_tile(query_tile_id bigint, method text)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    embedding vector := api.tile_embedding(query_tile_id, method);
    location geography;
    city_id bigint;
    neighbour_tile_ids bigint[];
    is_synthetic boolean;
BEGIN
    SELECT t.location, t.city_id, n.neighbour_tile_ids, c.is_synthetic
    INTO location, city_id, neighbour_tile_ids, is_synthetic
    FROM terrakin.tiles AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    LEFT JOIN terrakin.tile_neighbours AS n ON n.tile_id = t.tile_id
        AND n.tiles_version = (SELECT v.version FROM terrakin.tiles_version AS v)
    WHERE t.tile_id = query_tile_id;
    RETURN ROW(
        embedding, location, ARRAY[query_tile_id], ARRAY[city_id], neighbour_tile_ids, is_synthetic
    )::internal.search_anchor;
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_tile IS
'Return the anchor of a search for tiles similar to a tile. An unknown tile raises SQLSTATE P0002, an unknown method
22023.';
