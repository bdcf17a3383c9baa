-- requires: internal/is_synthetic.sql
-- requires: internal/keys_of.sql
-- requires: internal/mean_embedding.sql
-- requires: internal/set_id.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_items(
    positive bigint[],
    negative bigint[],
    negative_weight double precision,
    unit text,
    method text
)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    set_id integer := internal.set_id(unit, method);
    embedding vector;
    away vector;
    location geography;
    city_ids bigint[];
BEGIN
    IF coalesce(cardinality(positive), 0) = 0 THEN
        RAISE EXCEPTION 'positive is empty' USING ERRCODE = '22023', HINT = 'Give the id of at least one tile or block.';
    END IF;
    IF negative_weight IS NULL OR NOT negative_weight BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION 'negative_weight is %', coalesce(negative_weight::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give 0 (ignore the negative examples) to 1 (they count as much as the positive ones).';
    END IF;
    embedding := internal.mean_embedding(positive, unit, method);
    IF coalesce(cardinality(negative), 0) > 0 THEN
        away := internal.mean_embedding(negative, unit, method);
        embedding := embedding - away * array_fill(negative_weight::real, ARRAY[vector_dims(away)])::vector;
    END IF;
    IF unit = 'tile' THEN
        SELECT ST_Collect(t.location::geometry)::geography, array_agg(DISTINCT t.city_id)
        INTO location, city_ids
        FROM terrakin.tiles AS t
        WHERE t.tile_id = ANY (positive);
    ELSE
        SELECT ST_Collect(e.location)::geography, array_agg(DISTINCT e.city_id)
        INTO location, city_ids
        FROM internal.keys_of(set_id, positive) AS e;
    END IF;
    RETURN ROW(embedding, location, positive || negative, city_ids, internal.is_synthetic(city_ids))::internal.search_anchor;
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_items IS
'Return the anchor of a search for what is similar to the positive and unlike the negative tiles or blocks (Rocchio
1971): the mean of the positive unit vectors minus negative_weight times the mean of the negative ones.
An unknown tile or block raises SQLSTATE P0002, an invalid argument 22023.';
