CREATE OR REPLACE FUNCTION api.tile_thumbnail(tile_id bigint)
RETURNS bytea
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT h.webp
    FROM terrakin.tile_thumbnails AS h
    WHERE h.tile_id = tile_thumbnail.tile_id;
$$;

COMMENT ON FUNCTION api.tile_thumbnail IS
'Return the true-colour thumbnail of a tile: WebP, 224 x 224 px, north up, with the same stretch for all tiles. NULL if
there is none.';
