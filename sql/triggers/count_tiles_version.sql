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
'Counts terrakin.tiles_version up, so that terrakin.tile_neighbours of before is not used. A deleted tile needs no count: it only drops out of lists.';

DROP TRIGGER IF EXISTS count_tiles_version ON terrakin.tiles;
-- BEFORE: loads that run side by side queue here, ahead of their first row, and cannot deadlock on each other's tiles.
CREATE TRIGGER count_tiles_version
BEFORE INSERT OR UPDATE OF embedding_mean, city_id ON terrakin.tiles
FOR EACH STATEMENT EXECUTE FUNCTION terrakin.count_tiles_version();

COMMENT ON TRIGGER count_tiles_version ON terrakin.tiles IS 'Makes terrakin.tile_neighbours computed for the tiles of before unused.';
