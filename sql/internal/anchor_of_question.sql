-- requires: internal/anchor_of_area.sql
-- requires: internal/anchor_of_items.sql
-- requires: internal/anchor_of_position.sql
-- requires: internal/anchor_of_vector.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_question(query jsonb, unit text, method text, period daterange)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    q record;
BEGIN
    SELECT r.*
    INTO q
    FROM jsonb_to_record('{"negative_weight": 0.2}' || query) AS r(
        kind text, tile_id bigint, block_id bigint, lon double precision, lat double precision, positive bigint[], negative bigint[],
        negative_weight double precision, area jsonb, vector jsonb
    );
    IF q.kind IS NULL OR q.kind NOT IN ('tile', 'block', 'position', 'examples', 'area', 'vector') THEN
        RAISE EXCEPTION 'unknown kind of search %', coalesce(quote_literal(q.kind), 'NULL')
            USING ERRCODE = '22023', HINT = 'Kinds are tile, block, position, examples, area and vector.';
    END IF;
    RETURN CASE q.kind
        WHEN 'tile' THEN internal.anchor_of_items(ARRAY[q.tile_id], '{}', 0, unit, method)
        WHEN 'block' THEN internal.anchor_of_items(ARRAY[q.block_id], '{}', 0, unit, method)
        WHEN 'position' THEN internal.anchor_of_position(q.lon, q.lat, unit, method)
        WHEN 'examples' THEN internal.anchor_of_items(q.positive, q.negative, q.negative_weight, unit, method)
        WHEN 'area' THEN internal.anchor_of_area(ST_GeomFromGeoJSON(q.area::text), period, unit, method)
        WHEN 'vector' THEN internal.anchor_of_vector(internal.post_processed(q.vector::text::vector, unit), q.lon, q.lat)
    END;
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_question IS
'Return the anchor of a search that is given as JSON: see api.search.';
