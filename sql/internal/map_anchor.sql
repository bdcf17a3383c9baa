-- requires: internal/anchor_of_items.sql
-- requires: internal/block_ids.sql
-- requires: internal/map_ids.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.map_anchor(query json, unit text, method text)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    ids text := coalesce(query ->> 'tile_id', query ->> 'block_id', query ->> 'positive');
    positive bigint[] := internal.map_ids(ids);
    negative bigint[] := internal.map_ids(coalesce(query ->> 'negative', ''));
    asked bigint[] := ARRAY(SELECT DISTINCT unnest(positive || negative));
    key text := substring(query ->> 'key' FROM '^[0-9]{1,9}:(-?[0-9]{1,4}(,-?[0-9]{1,4})*)$');
    n_known bigint;
BEGIN
    IF key IS NOT NULL THEN
        RETURN ROW(('[' || key || ']')::vector, NULL, NULL, NULL, NULL)::internal.search_anchor;
    END IF;
    IF coalesce(cardinality(positive), 0) = 0 OR query ->> 'key' IS NOT NULL OR negative IS NULL THEN
        RAISE EXCEPTION '% is %',
            CASE WHEN query ->> 'key' IS NOT NULL THEN 'key' WHEN ids IS NULL OR query ->> 'positive' IS NULL THEN unit || '_id' ELSE 'a list of examples' END,
            coalesce(quote_literal(coalesce(query ->> 'key', ids)), 'missing')
            USING ERRCODE = '22023', HINT = 'Give the tile or block to compare the others with, ?tile_id=123, examples, ?positive=1,2&negative=3, or ?key= from api.question_key.';
    END IF;
    IF unit = 'tile' THEN
        n_known := (SELECT count(*) FROM api.tile_vectors AS v WHERE v.tile_id = ANY (asked) AND v.method = method);
    ELSE
        n_known := (SELECT count(*) FROM unnest(asked) AS a(id) WHERE a.id = ANY (internal.block_ids(a.id >> 6)));
    END IF;
    RETURN CASE WHEN n_known = cardinality(asked) THEN internal.anchor_of_items(positive, negative, 0.2, unit, method) END;
END;
$$;

COMMENT ON FUNCTION internal.map_anchor IS
'Return what a vector tile compares with, from its query string: see tiles.similarity. NULL if a tile or block is
unknown. A query string without a question raises SQLSTATE 22023.';
