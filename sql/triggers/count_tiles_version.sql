CREATE OR REPLACE FUNCTION terrakin.count_tiles_version()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE terrakin.tiles_version SET version = version + 1;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION terrakin.count_tiles_version IS
'Increments terrakin.tiles_version, which api.data_version contains.';

DROP TRIGGER IF EXISTS count_tiles_version ON terrakin.tiles;
-- BEFORE: concurrent loads queue here, ahead of their first row, and cannot deadlock on each other's tiles.
CREATE TRIGGER count_tiles_version
BEFORE INSERT OR UPDATE OF embedding_mean, city_id ON terrakin.tiles
FOR EACH STATEMENT EXECUTE FUNCTION terrakin.count_tiles_version();

COMMENT ON TRIGGER count_tiles_version ON terrakin.tiles IS 'Increments terrakin.tiles_version when tiles are added or their vectors or cities change.';
