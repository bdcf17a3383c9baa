CREATE OR REPLACE FUNCTION api.umap_layout()
RETURNS TABLE (
    layout_version bigint,
    method text,
    parameters jsonb,
    n_tiles bigint,
    bounds double precision[],
    city_ids bigint[]
)
LANGUAGE sql STABLE PARALLEL SAFE
ROWS 1
SET search_path = public, pg_temp
AS $$
    SELECT
        ('x' || left(md5(concat_ws(' ', n.layout_id, extract(epoch FROM n.changed_at), p.n_tiles, p.tile_sum, p.city_ids)), 8))::bit(32)::bigint,
        n.method, n.parameters, p.n_tiles, ARRAY[p.min_x, p.min_y, p.max_x, p.max_y]::double precision[], p.city_ids
    FROM (
        SELECT count(*) AS n_tiles, sum(t.tile_id) AS tile_sum, min(t.umap_x) AS min_x, min(t.umap_y) AS min_y,
            max(t.umap_x) AS max_x, max(t.umap_y) AS max_y, array_agg(DISTINCT t.city_id ORDER BY t.city_id) AS city_ids
        FROM terrakin.tiles AS t
        WHERE t.umap_x IS NOT NULL AND t.umap_y IS NOT NULL
    ) AS p
    LEFT JOIN LATERAL (
        SELECT l.layout_id, l.method, l.parameters, l.changed_at
        FROM terrakin.layouts AS l
        ORDER BY l.layout_id DESC
        LIMIT 1
    ) AS n ON true
    WHERE p.n_tiles > 0;
$$;

COMMENT ON FUNCTION api.umap_layout IS
'Return the UMAP layout as a whole: how it was made, its number of tiles, bounds (min_x, min_y, max_x, max_y, in units
of the layout) and the ids of its cities. No row before a layout is made.
layout_version (0 to 4294967295) changes when the layout is made again, or when tiles are added to or removed from it;
rows of api.umap_points belong to the version that was current when they were read.';
