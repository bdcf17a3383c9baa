-- requires: functions/block_footprint.sql
-- requires: internal/changed_places.sql
CREATE OR REPLACE FUNCTION api.changes(
    city_id bigint,
    period_a daterange,
    period_b daterange,
    k bigint DEFAULT 20,
    unit text DEFAULT 'block'
)
RETURNS TABLE (
    rank integer,
    block_id bigint,
    tile_id bigint,
    earlier_tile_id bigint,
    change double precision,
    score double precision,
    similarity double precision,
    compared bigint,
    footprint geometry(MultiPolygon, 4326)
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF k IS NULL OR k < 0 THEN
        RAISE EXCEPTION 'k is %', coalesce(k::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give the number of places wanted: 0 or more.';
    END IF;
    RETURN QUERY
    SELECT (row_number() OVER (ORDER BY c.ratio DESC, c.item_id))::integer,
        CASE unit WHEN 'block' THEN c.item_id END, c.b_tile_id, c.a_tile_id, c.change, c.score, c.similarity, c.compared,
        CASE unit WHEN 'block' THEN api.block_footprint(c.item_id) ELSE t.footprint END::geometry(MultiPolygon, 4326)
    FROM internal.changed_places(city_id, period_a, period_b, unit) AS c
    JOIN terrakin.tiles AS t ON t.tile_id = c.b_tile_id
    ORDER BY c.ratio DESC, c.item_id
    LIMIT k;
END;
$$;

COMMENT ON FUNCTION api.changes IS
'Return the k tiles or blocks (unit) of a city that changed most unusually between two periods, most first.
change: length of the difference of the two unit keys, after the mean difference of the eight places that looked most
alike in period_a is taken away: what season, sun, haze and processing did to such places. In a city of more than 300
places they are looked for among 300. The order is that of the change divided by how differently these eight changed
themselves (their root mean square deviation, plus the median of all). score: how many robust standard deviations (median
and median absolute deviation of these places) this ratio lies above the median; NULL if half of them are alike in it.
similarity: cosine of the two keys. compared: number of places that both periods have. tile_id and block_id are those of
period_b, earlier_tile_id is the tile of period_a. Of each cell, the newest tile with days in a period counts; tiles of
unknown date do not.
An unknown city, or a period without tiles, raises SQLSTATE P0002, another invalid argument 22023.';
