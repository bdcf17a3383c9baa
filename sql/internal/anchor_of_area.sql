-- requires: functions/tile_embedding.sql
-- requires: internal/is_synthetic.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/search_anchor.sql
CREATE OR REPLACE FUNCTION internal.anchor_of_area(query_area geometry, period daterange, method text)
RETURNS internal.search_anchor
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    embedding vector;
    tile_ids bigint[];
    city_ids bigint[];
BEGIN
    IF query_area IS NULL OR ST_SRID(query_area) <> 4326 THEN
        RAISE EXCEPTION 'query_area has SRID %', coalesce(ST_SRID(query_area)::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give degrees in EPSG:4326: ST_Transform(geometry, 4326), or ST_SetSRID if only the label is missing.';
    END IF;
    query_area := internal.wrap_longitudes(query_area);
    SELECT array_agg(t.tile_id), array_agg(DISTINCT t.city_id)
    INTO tile_ids, city_ids
    FROM terrakin.tiles AS t
    WHERE t.footprint && query_area
        AND ST_Intersects(t.location::geometry, query_area)
        AND (period IS NULL OR (t.period && period AND t.composite_id NOT IN (
            SELECT m.composite_id FROM terrakin.composites AS m WHERE NOT m.is_date_known
        )));
    IF tile_ids IS NULL THEN
        RAISE EXCEPTION 'no tile has its centre in query_area'
            USING ERRCODE = 'P0002', HINT = 'Draw a larger area (a tile is 2,240 m wide), or another one: api.city_overview lists where tiles are.';
    END IF;
    SELECT avg(l2_normalize(api.tile_embedding(o, method))) INTO embedding FROM unnest(tile_ids) AS o;
    RETURN ROW(embedding, query_area::geography, tile_ids, city_ids, NULL, internal.is_synthetic(city_ids))::internal.search_anchor;
END;
$$;

COMMENT ON FUNCTION internal.anchor_of_area IS
'Return the anchor of a search for tiles similar to an area as a whole: the mean of the tiles whose centres lie in it.
An area without a tile raises SQLSTATE P0002, an invalid argument 22023.';
