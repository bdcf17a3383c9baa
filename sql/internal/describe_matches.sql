-- requires: functions/block_footprint.sql
-- requires: internal/keys_of.sql
-- requires: views/imported_overview.sql
-- requires: types/match.sql
-- requires: types/search_plan.sql
CREATE OR REPLACE FUNCTION internal.describe_matches(
    plan internal.search_plan,
    unit text,
    query_location geography,
    item_ids bigint[],
    similarities double precision[],
    n_compared bigint,
    is_exact boolean
)
RETURNS SETOF internal.match
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
-- One plan for every answer: planning takes longer than reading twenty rows.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
BEGIN
    RETURN QUERY
    SELECT m.place::integer,
        CASE WHEN unit = 'block' THEN m.item_id END,
        CASE unit WHEN 'tile' THEN m.item_id WHEN 'block' THEN m.item_id >> 6 END,
        c.city_id, c.name, coalesce(i.country_code, c.country_code), m.similarity, ST_Distance(e.location::geography, query_location),
        CASE unit WHEN 'tile' THEN t.footprint WHEN 'block' THEN api.block_footprint(m.item_id) ELSE i.footprint END::geometry(MultiPolygon, 4326),
        n_compared, is_exact, m.item_id
    FROM unnest(item_ids, similarities) WITH ORDINALITY AS m(item_id, similarity, place)
    JOIN internal.keys_of(plan.set_id, item_ids) AS e ON e.item_id = m.item_id
    LEFT JOIN terrakin.cities AS c ON c.city_id = e.city_id
    LEFT JOIN terrakin.tiles AS t ON unit = 'tile' AND t.tile_id = m.item_id
    LEFT JOIN api.imported_overview AS i ON i.unit = unit AND i.item_id = m.item_id
    ORDER BY m.place;
END;
$$;

COMMENT ON FUNCTION internal.describe_matches IS
'Return the tiles or blocks that a search found, in their order, with the columns of every search.';
