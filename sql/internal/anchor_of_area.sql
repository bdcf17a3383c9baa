-- requires: internal/composites_in.sql
-- requires: internal/is_synthetic.sql
-- requires: internal/mean_embedding.sql
-- requires: internal/set_id.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_area(query_area geometry, period daterange, unit text, method text)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_variable
DECLARE
    set_id integer := internal.set_id(unit, method);
    composite_ids constant bigint[] := internal.composites_in(period);
    tile_ids bigint[];
    embedding vector;
    item_ids bigint[];
    city_ids bigint[];
    max_items constant integer := 100000;
    is_wide boolean := ST_XMax(query_area) - ST_XMin(query_area) > 180;
    query_location geography;
BEGIN
    IF query_area IS NULL OR ST_SRID(query_area) <> 4326 THEN
        RAISE EXCEPTION 'query_area has SRID %', coalesce(ST_SRID(query_area)::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give degrees in EPSG:4326: ST_Transform(geometry, 4326), or ST_SetSRID if only the label is missing.';
    END IF;
    query_area := internal.wrap_longitudes(query_area);
    IF composite_ids IS NOT NULL THEN
        tile_ids := ARRAY(
            SELECT t.tile_id
            FROM terrakin.tiles AS t
            WHERE t.footprint && query_area AND t.composite_id = ANY (composite_ids)
        );
    END IF;
    SELECT array_agg(e.item_id), array_agg(DISTINCT e.city_id)
    INTO item_ids, city_ids
    FROM (
        SELECT e.item_id, e.city_id
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = set_id
            AND ST_Intersects(e.location, query_area)
            AND (tile_ids IS NULL OR CASE unit WHEN 'block' THEN e.item_id >> 6 ELSE e.item_id END = ANY (tile_ids))
        LIMIT max_items + 1
    ) AS e;
    IF item_ids IS NULL THEN
        RAISE EXCEPTION 'no % has its centre in query_area', CASE WHEN unit IN ('tile', 'block') THEN unit ELSE 'item of ' || unit END
            USING ERRCODE = 'P0002', HINT = 'Draw a larger area (a tile is 2,240 m wide, a block 320 m), or another one: api.city_overview lists where tiles are.';
    END IF;
    IF cardinality(item_ids) > max_items THEN
        RAISE EXCEPTION 'query_area holds more than % %s', max_items, CASE WHEN unit IN ('tile', 'block') THEN unit ELSE 'item' END
            USING ERRCODE = '22023', HINT = 'Draw a smaller area; the mean of so many describes no place.';
    END IF;
    embedding := internal.mean_embedding(item_ids, unit, method);
    -- On the sphere an edge of 180 degrees runs the other way round, and an area wider than that is taken for the rest.
    query_area := ST_Segmentize(query_area, 1);
    query_location := CASE WHEN is_wide THEN ST_Boundary(query_area) ELSE query_area END::geography;
    RETURN ROW(embedding, query_location, item_ids, city_ids, internal.is_synthetic(city_ids))::internal.search_anchor;
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_area IS
'Return the anchor of a search for what is similar to an area as a whole: the mean of the tiles or blocks whose centres
lie in it. An area without one raises SQLSTATE P0002; one with more than 100,000, and an invalid argument, 22023.';
