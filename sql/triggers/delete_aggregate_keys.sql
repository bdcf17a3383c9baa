CREATE OR REPLACE FUNCTION terrakin.delete_aggregate_keys()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    set_ids integer[];
BEGIN
    -- A refit that has read this aggregate ends first. The statement below then sees the keys that it has written.
    PERFORM FROM terrakin.embedding_sets AS s WHERE s.is_current FOR SHARE;
    set_ids := ARRAY(
        SELECT s.set_id
        FROM terrakin.embedding_sets AS s
        WHERE s.unit = 'tile' AND (s.method = OLD.method OR (s.method = 'mean_std' AND OLD.method = 'std'))
    );
    DELETE FROM terrakin.embedding_keys AS e WHERE e.item_id = OLD.tile_id AND e.set_id = ANY (set_ids);
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION terrakin.delete_aggregate_keys IS
'Deletes the keys of an aggregate that was deleted or changed. A load, or terrakin db index, adds the new ones.';

DROP TRIGGER IF EXISTS delete_aggregate_keys ON terrakin.tile_aggregates;
CREATE TRIGGER delete_aggregate_keys
AFTER DELETE OR UPDATE ON terrakin.tile_aggregates
FOR EACH ROW EXECUTE FUNCTION terrakin.delete_aggregate_keys();

COMMENT ON TRIGGER delete_aggregate_keys ON terrakin.tile_aggregates IS 'Deletes the keys of an aggregate that was deleted or changed.';
