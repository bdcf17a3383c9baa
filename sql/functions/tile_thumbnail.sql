DROP FUNCTION IF EXISTS api.tile_thumbnail(bigint);

CREATE FUNCTION api.tile_thumbnail(tile_id bigint)
RETURNS bytea
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT h.webp
    FROM terrakin.tile_thumbnails AS h
    WHERE h.tile_id = tile_thumbnail.tile_id;
$$;

COMMENT ON FUNCTION api.tile_thumbnail IS
'The true-colour picture of a tile: WebP, 128 x 128 px, north up, one stretch for all tiles. NULL where there is none.';
