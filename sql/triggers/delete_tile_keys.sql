CREATE OR REPLACE FUNCTION terrakin.delete_tile_keys()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    tile_set_ids integer[];
    block_set_ids integer[];
BEGIN
    -- A refit that has read this tile ends first. The statements below then see the keys that it has written.
    PERFORM FROM terrakin.embedding_sets AS s WHERE s.is_current FOR SHARE;
    SELECT array_agg(s.set_id) FILTER (WHERE s.unit = 'tile'), array_agg(s.set_id) FILTER (WHERE s.unit = 'block')
    INTO tile_set_ids, block_set_ids
    FROM terrakin.embedding_sets AS s;
    DELETE FROM terrakin.embedding_keys AS e
    WHERE e.item_id = OLD.tile_id AND e.set_id = ANY (tile_set_ids);
    DELETE FROM terrakin.embedding_keys AS e
    WHERE e.item_id BETWEEN OLD.tile_id << 6 AND OLD.tile_id << 6 | 63 AND e.set_id = ANY (block_set_ids);
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION terrakin.delete_tile_keys IS
'Deletes the keys of a tile and of its blocks: they describe a tile that was deleted or changed. A load, or terrakin db
index, adds the new ones.';

DROP TRIGGER IF EXISTS delete_tile_keys ON terrakin.tiles;
CREATE TRIGGER delete_tile_keys
AFTER DELETE OR UPDATE OF city_id, location, valid_share, embedding_mean, embedding_dominant ON terrakin.tiles
FOR EACH ROW EXECUTE FUNCTION terrakin.delete_tile_keys();

COMMENT ON TRIGGER delete_tile_keys ON terrakin.tiles IS 'Deletes the keys of a tile that was deleted or changed.';
