-- requires: internal/keys_of.sql
-- requires: internal/set_id.sql
-- requires: views/imported_vectors.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.mean_embedding(item_ids bigint[], unit text, method text)
RETURNS vector
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
-- One plan for every method: it skips the other branches of the view.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    set_id integer := internal.set_id(unit, method);
    mean vector;
    missing text;
BEGIN
    IF unit = 'tile' THEN
        SELECT avg(l2_normalize(v.embedding)), min(coalesce(i.item_id::text, 'NULL')) FILTER (WHERE v.embedding IS NULL)
        INTO mean, missing
        FROM unnest(item_ids) AS i(item_id)
        -- A subquery for each of them: the planner expects a join to read every vector.
        CROSS JOIN LATERAL (
            SELECT (SELECT t.embedding FROM api.tile_vectors AS t WHERE t.tile_id = i.item_id AND t.method = method)
            OFFSET 0
        ) AS v(embedding);
    ELSIF unit <> 'block' THEN
        SELECT avg(l2_normalize(v.embedding)), min(coalesce(i.item_id::text, 'NULL')) FILTER (WHERE v.embedding IS NULL)
        INTO mean, missing
        FROM unnest(item_ids) AS i(item_id)
        LEFT JOIN api.imported_vectors AS v ON v.unit = unit AND v.item_id = i.item_id;
    ELSE
        SELECT avg(l2_normalize(f.key::vector)), min(coalesce(i.item_id::text, 'NULL')) FILTER (WHERE f.key IS NULL)
        INTO mean, missing
        FROM unnest(item_ids) AS i(item_id)
        LEFT JOIN internal.keys_of(set_id, item_ids) AS f ON f.item_id = i.item_id;
    END IF;
    IF missing IS NOT NULL AND unit = 'tile' THEN
        RAISE EXCEPTION 'tile % does not exist or has no % vector', missing, method
            USING ERRCODE = 'P0002', HINT = 'api.tile_at(lon, lat) finds the tile at a position; api.tile_overview lists all tiles.';
    ELSIF missing IS NOT NULL AND unit <> 'block' THEN
        RAISE EXCEPTION 'imported set % has no item %', quote_literal(unit), missing
            USING ERRCODE = 'P0002', HINT = 'api.imported_overview lists the items of all sets.';
    ELSIF missing IS NOT NULL THEN
        RAISE EXCEPTION 'block % does not exist', missing
            USING ERRCODE = 'P0002', HINT = CASE
                WHEN EXISTS (SELECT FROM terrakin.tiles AS t WHERE t.tile_id = nullif(missing, 'NULL')::bigint >> 6) THEN
                    'Its tile exists: a block needs clear pixels in 75 % of its area, and terrakin etl run to make it.'
                ELSE 'api.block_at(lon, lat) finds the block at a position; block_id is tile_id * 64 + row * 7 + col.'
            END;
    END IF;
    RETURN mean;
END;
$$;

COMMENT ON FUNCTION internal.mean_embedding IS
'Return the mean of the unit vectors of these tiles, or of the keys of these blocks. One that does not exist raises
SQLSTATE P0002, an unknown unit or method 22023.';
