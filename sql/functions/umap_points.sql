-- requires: functions/umap_layout.sql
CREATE OR REPLACE FUNCTION api.umap_points()
RETURNS TABLE (tile_id bigint, x integer, y integer, city_index integer)
LANGUAGE sql STABLE PARALLEL SAFE
ROWS 50000
SET search_path = public, pg_temp
AS $$
    SELECT
        t.tile_id,
        coalesce(round((t.umap_x - u.bounds[1]) / nullif(u.bounds[3] - u.bounds[1], 0) * 65535), 0)::integer,
        coalesce(round((t.umap_y - u.bounds[2]) / nullif(u.bounds[4] - u.bounds[2], 0) * 65535), 0)::integer,
        c.city_index
    FROM api.umap_layout() AS u
    CROSS JOIN terrakin.tiles AS t
    JOIN (
        SELECT i.city_id, least(i.number - 1, 65535)::integer AS city_index
        FROM api.umap_layout() AS a
        CROSS JOIN unnest(a.city_ids) WITH ORDINALITY AS i(city_id, number)
    ) AS c ON c.city_id = t.city_id
    WHERE t.umap_x IS NOT NULL AND t.umap_y IS NOT NULL
    ORDER BY t.tile_id;
$$;

COMMENT ON FUNCTION api.umap_points IS
'Return every tile of the UMAP layout, ordered by tile_id: x and y scaled to 0..65535 over the bounds of
api.umap_layout, city_index counting from 0 into its city_ids (65535 for all cities beyond). For drawing;
terrakin.tiles has the exact coordinates.';
