-- requires: functions/block_footprint.sql
-- requires: internal/default_method.sql
-- requires: internal/set_id.sql
-- requires: internal/tiles_of_period.sql
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
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    n_alike constant integer := 8;
    max_references constant integer := 500;
    bits integer := CASE unit WHEN 'block' THEN 6 ELSE 0 END;
    used_set_id integer := internal.set_id(unit, internal.default_method(unit));
    a_ids bigint[] := internal.tiles_of_period(city_id, period_a);
    b_ids bigint[] := internal.tiles_of_period(city_id, period_b);
BEGIN
    IF unit NOT IN ('tile', 'block') THEN
        RAISE EXCEPTION 'items of an imported set have no second period'
            USING ERRCODE = '22023', HINT = 'Units are tile and block.';
    END IF;
    IF k IS NULL OR k < 0 THEN
        RAISE EXCEPTION 'k is %', coalesce(k::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give the number of places wanted: 0 or more.';
    END IF;
    IF NOT EXISTS (SELECT FROM terrakin.cities AS c WHERE c.city_id = city_id) THEN
        RAISE EXCEPTION 'city % does not exist', coalesce(city_id::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = 'api.city_overview lists the cities.';
    END IF;
    IF a_ids IS NULL OR b_ids IS NULL THEN
        RAISE EXCEPTION 'city % has no tile with days in %', city_id, coalesce((CASE WHEN a_ids IS NULL THEN period_a ELSE period_b END)::text, 'NULL')
            USING ERRCODE = 'P0002', HINT = 'api.tile_overview lists the periods of all tiles; tiles of unknown date are in none.';
    END IF;
    IF a_ids = b_ids THEN
        RAISE EXCEPTION 'both periods have the same tiles' USING ERRCODE = '22023', HINT = 'Give two periods that were loaded one after the other.';
    END IF;
    RETURN QUERY
    WITH keys AS MATERIALIZED (
        SELECT e.item_id, e.item_id >> bits AS tile_id, e.key::vector AS key
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = used_set_id AND e.city_id = city_id AND e.item_id >> bits = ANY (a_ids || b_ids)
    ),
    pairs AS MATERIALIZED (
        SELECT a.tile_id AS a_tile_id, b.tile_id AS b_tile_id, b.item_id, a.key, b.key - a.key AS shift,
            -(a.key <#> b.key) AS similarity, row_number() OVER (ORDER BY hashint8(b.item_id), b.item_id) AS number
        FROM keys AS a
        JOIN keys AS b ON b.tile_id >> 12 = a.tile_id >> 12 AND (bits = 0 OR b.item_id & 63 = a.item_id & 63)
        WHERE a.tile_id = ANY (a_ids) AND b.tile_id = ANY (b_ids) AND a.tile_id <> b.tile_id
    ),
    -- What looked alike before shows what season, sun and haze have done to such a place.
    changed AS MATERIALIZED (
        SELECT p.item_id, p.a_tile_id, p.b_tile_id, p.similarity, vector_norm(coalesce(p.shift - n.shift, p.shift)) AS change,
            -- How differently these places have changed themselves.
            sqrt(greatest(n.square - vector_norm(n.shift) ^ 2, 0)) AS spread
        FROM pairs AS p
        CROSS JOIN LATERAL (
            SELECT avg(r.shift) AS shift, avg(vector_norm(r.shift) ^ 2) AS square
            FROM (
                SELECT o.shift
                FROM pairs AS o
                WHERE o.number <= max_references AND o.item_id <> p.item_id
                ORDER BY o.key <#> p.key, o.item_id
                LIMIT n_alike
            ) AS r
        ) AS n
    ),
    relative AS MATERIALIZED (
        SELECT c.*, coalesce(c.change / nullif(c.spread + m.spread, 0), c.change) AS ratio, m.n
        FROM changed AS c
        CROSS JOIN (
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i.spread) AS spread, count(*) AS n FROM changed AS i
        ) AS m
    ),
    middle AS (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY r.ratio) AS ratio FROM relative AS r
    ),
    deviation AS (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(r.ratio - m.ratio)) AS ratio
        FROM relative AS r
        CROSS JOIN middle AS m
    )
    SELECT (row_number() OVER (ORDER BY r.ratio DESC, r.item_id))::integer,
        CASE WHEN bits = 6 THEN r.item_id END, r.b_tile_id, r.a_tile_id, r.change,
        -- 1.4826 makes the deviation that of a normal distribution (Rousseeuw and Croux 1993).
        (r.ratio - m.ratio) / (1.4826 * nullif(d.ratio, 0)), r.similarity, r.n,
        CASE WHEN bits = 6 THEN api.block_footprint(r.item_id) ELSE t.footprint END::geometry(MultiPolygon, 4326)
    FROM relative AS r
    CROSS JOIN middle AS m
    CROSS JOIN deviation AS d
    JOIN terrakin.tiles AS t ON t.tile_id = r.b_tile_id
    ORDER BY r.ratio DESC, r.item_id
    LIMIT k;
END;
$$;

COMMENT ON FUNCTION api.changes IS
'Return the k tiles or blocks (unit) of a city that changed most unusually between two periods, most first.
change: length of the difference of the two unit keys, after the mean difference of the eight places that looked most
alike in period_a is taken away: what season, sun, haze and processing did to such places. In a city of more than 500
places they are looked for among 500. The order is that of the change divided by how differently these eight changed
themselves (their root mean square deviation, plus the median of all). score: how many robust standard deviations (median
and median absolute deviation of the city) this ratio lies above the median; NULL if half of the places are alike in it.
similarity: cosine of the two keys. compared: number of places that both periods have. tile_id and block_id are those of
period_b, earlier_tile_id is the tile of period_a. Of each cell, the newest tile with days in a period counts; tiles of
unknown date do not.
An unknown city, or a period without tiles, raises SQLSTATE P0002, another invalid argument 22023.';
