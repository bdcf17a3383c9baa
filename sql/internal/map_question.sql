-- requires: internal/anchor_of_items.sql
-- requires: internal/block_ids.sql
-- requires: internal/default_method.sql
-- requires: internal/is_current.sql
-- requires: internal/keys_of.sql
-- requires: internal/map_ids.sql
-- requires: internal/set_id.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.map_question(query json, OUT unit text, OUT method text, OUT anchor internal.search_anchor)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    ids text := coalesce(query ->> 'tile_id', query ->> 'block_id', query ->> 'positive');
    positive bigint[] := internal.map_ids(ids);
    negative bigint[] := internal.map_ids(coalesce(query ->> 'negative', ''));
    asked bigint[] := ARRAY(SELECT DISTINCT unnest(positive || negative));
    key_set terrakin.embedding_sets;
    key vector := '[' || substring(query ->> 'key' FROM '^[0-9]{1,9}:(-?[0-9]{1,4}(,-?[0-9]{1,4})*)$') || ']';
    n_known bigint;
BEGIN
    IF num_nonnulls(query ->> 'tile_id', query ->> 'block_id', query ->> 'positive', query ->> 'key', query ->> 'concept') > 1 THEN
        RAISE EXCEPTION 'more than one of tile_id, block_id, positive, key and concept is given'
            USING ERRCODE = '22023', HINT = 'Give one thing to compare the others with.';
    END IF;
    IF query ->> 'concept' IS NOT NULL THEN
        SELECT c.unit, c.method, c.direction::vector
        INTO unit, method, anchor.embedding
        FROM terrakin.concepts AS c
        WHERE c.name = query ->> 'concept' AND internal.is_current(c);
        RETURN;
    END IF;
    SELECT s.* INTO key_set
    FROM terrakin.embedding_sets AS s
    WHERE s.set_id = substring(query ->> 'key' FROM '^([0-9]{1,9}):')::integer AND s.is_current;
    unit := coalesce(
        key_set.unit, CASE WHEN query ->> 'block_id' IS NOT NULL THEN 'block' ELSE query ->> 'unit' END, 'tile'
    );
    method := coalesce(key_set.method, query ->> 'method', internal.default_method(unit));
    IF unit <> 'tile' THEN
        PERFORM internal.set_id(unit, method);
    END IF;
    IF key IS NOT NULL THEN
        IF vector_dims(key) <> (
            SELECT vector_dims(e.key) FROM terrakin.embedding_keys AS e WHERE e.set_id = key_set.set_id LIMIT 1
        ) THEN
            RAISE EXCEPTION 'key has % numbers', vector_dims(key)
                USING ERRCODE = '22023', HINT = 'Give the whole text that api.question_key returned.';
        END IF;
        -- Keys of an older set are unknown.
        IF key_set.set_id IS NOT NULL THEN
            anchor.embedding := key;
        END IF;
        RETURN;
    END IF;
    IF coalesce(cardinality(positive), 0) = 0 OR query ->> 'key' IS NOT NULL OR negative IS NULL THEN
        RAISE EXCEPTION '% is %',
            CASE WHEN query ->> 'key' IS NOT NULL THEN 'key' WHEN unit IN ('tile', 'block') AND query ->> 'positive' IS NULL THEN unit || '_id' ELSE 'a list of examples' END,
            coalesce(quote_literal(coalesce(query ->> 'key', ids)), 'missing')
            USING ERRCODE = '22023', HINT = 'Give the tile or block to compare the others with, ?tile_id=123, examples, ?positive=1,2&negative=3, a concept, ?concept=name, or ?key= from api.question_key.';
    END IF;
    IF unit = 'tile' THEN
        n_known := (SELECT count(*) FROM api.tile_vectors AS v WHERE v.tile_id = ANY (asked) AND v.method = method);
    ELSIF unit = 'block' THEN
        n_known := (SELECT count(*) FROM unnest(asked) AS a(id) WHERE a.id = ANY (internal.block_ids(a.id >> 6)));
    ELSE
        n_known := (SELECT count(*) FROM internal.keys_of(internal.set_id(unit, method), asked));
    END IF;
    IF n_known = cardinality(asked) THEN
        anchor := internal.anchor_of_items(positive, negative, 0.2, unit, method);
    END IF;
END;
$$;

COMMENT ON FUNCTION internal.map_question IS
'Return what a map or plot compares with, from the query string of tiles.similarity: the unit, the method, and the
anchor, which is NULL if a tile, block, item or concept is unknown, or if the keys have been fitted again. A query string without a
question, or with more than one, raises SQLSTATE 22023.';
