-- requires: functions/tile_embedding.sql
-- requires: internal/is_synthetic.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_examples(
    positive bigint[],
    negative bigint[],
    negative_weight double precision,
    method text
)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    embedding vector;
    away vector;
    location geography;
    city_ids bigint[];
BEGIN
    IF coalesce(cardinality(positive), 0) = 0 THEN
        RAISE EXCEPTION 'positive is empty' USING ERRCODE = '22023', HINT = 'Give the tile_id of at least one tile.';
    END IF;
    IF negative_weight IS NULL OR NOT negative_weight BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION 'negative_weight is %', coalesce(negative_weight::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give 0 (ignore the negative tiles) to 1 (they count as much as the positive ones).';
    END IF;
    SELECT avg(l2_normalize(api.tile_embedding(p, method))) INTO embedding FROM unnest(positive) AS p;
    IF coalesce(cardinality(negative), 0) > 0 THEN
        SELECT avg(l2_normalize(api.tile_embedding(n, method))) INTO away FROM unnest(negative) AS n;
        embedding := embedding - away * array_fill(negative_weight::real, ARRAY[vector_dims(away)])::vector;
    END IF;
    SELECT ST_Collect(t.location::geometry)::geography, array_agg(DISTINCT t.city_id)
    INTO location, city_ids
    FROM terrakin.tiles AS t
    WHERE t.tile_id = ANY (positive);
    RETURN ROW(embedding, location, positive || negative, city_ids, NULL, internal.is_synthetic(city_ids))::internal.search_anchor;
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_examples IS
'Return the anchor of a search for tiles similar to the positive and unlike the negative tiles (Rocchio 1971).
An unknown tile raises SQLSTATE P0002, an invalid argument 22023.';
