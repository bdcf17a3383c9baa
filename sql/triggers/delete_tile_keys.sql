CREATE OR REPLACE FUNCTION terrakin.delete_tile_keys()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    -- A refit that has read this tile ends first. The statements below then see the keys that it has written.
    PERFORM FROM terrakin.embedding_sets AS s WHERE s.is_current FOR SHARE;
    DELETE FROM terrakin.embedding_keys AS e
    WHERE e.item_id = OLD.tile_id
        AND e.set_id IN (SELECT s.set_id FROM terrakin.embedding_sets AS s WHERE s.unit = 'tile');
    DELETE FROM terrakin.embedding_keys AS e
    WHERE e.item_id BETWEEN OLD.tile_id << 6 AND OLD.tile_id << 6 | 63
        AND e.set_id IN (SELECT s.set_id FROM terrakin.embedding_sets AS s WHERE s.unit = 'block');
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
