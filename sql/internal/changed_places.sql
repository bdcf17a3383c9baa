-- requires: internal/default_method.sql
-- requires: internal/set_id.sql
-- requires: internal/tiles_of_period.sql
CREATE OR REPLACE FUNCTION internal.changed_places(
    city_id bigint,
    period_a daterange,
    period_b daterange,
    unit text,
    area geometry DEFAULT NULL
)
RETURNS TABLE (
    item_id bigint,
    a_tile_id bigint,
    b_tile_id bigint,
    change double precision,
    ratio double precision,
    score double precision,
    similarity double precision,
    compared bigint
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
-- The number of pairs is underestimated, and every place would be joined with every other one.
SET enable_nestloop = off
AS $$
#variable_conflict use_variable
DECLARE
    n_alike constant integer := 8;
    max_references constant integer := 300;
    bits integer := CASE unit WHEN 'block' THEN 6 ELSE 0 END;
    used_set_id integer := internal.set_id(unit, internal.default_method(unit));
    a_ids bigint[] := internal.tiles_of_period(city_id, period_a);
    b_ids bigint[] := internal.tiles_of_period(city_id, period_b);
BEGIN
    IF unit NOT IN ('tile', 'block') THEN
        RAISE EXCEPTION 'items of an imported set have no second period'
            USING ERRCODE = '22023', HINT = 'Units are tile and block.';
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
        SELECT e.item_id, e.item_id >> bits AS tile_id, e.location, e.key
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = used_set_id AND e.city_id = city_id AND e.item_id >> bits = ANY (a_ids || b_ids)
    ),
    pairs AS MATERIALIZED (
        SELECT b.item_id, a.tile_id AS a_tile_id, b.tile_id AS b_tile_id, a.key AS a_key, b.key AS b_key,
            area IS NULL OR ST_Intersects(b.location, area) AS is_returned,
            row_number() OVER (ORDER BY hashint8(b.item_id), b.item_id) AS number
        FROM keys AS a
        JOIN keys AS b ON b.tile_id >> 12 = a.tile_id >> 12 AND (bits = 0 OR b.item_id & 63 = a.item_id & 63)
        WHERE a.tile_id = ANY (a_ids) AND b.tile_id = ANY (b_ids) AND a.tile_id <> b.tile_id
    ),
    -- The places among which those are looked for that looked alike before; the city's median is theirs, too.
    drawn AS MATERIALIZED (
        SELECT p.number, p.a_key, p.b_key::vector - p.a_key::vector AS shift
        FROM pairs AS p
        WHERE p.number <= max_references
    ),
    wanted AS MATERIALIZED (
        SELECT p.number, p.item_id, p.a_tile_id, p.b_tile_id, p.a_key, p.b_key::vector - p.a_key::vector AS shift,
            -(p.a_key <#> p.b_key) AS similarity, p.is_returned
        FROM pairs AS p
        WHERE p.number <= max_references OR p.is_returned
    ),
    -- What looked alike before shows what season, sun and haze have done to such a place.
    alike AS MATERIALIZED (
        SELECT w.number, d.number AS other
        FROM wanted AS w
        CROSS JOIN LATERAL (
            SELECT r.number
            FROM drawn AS r
            WHERE r.number <> w.number
            ORDER BY r.a_key <#> w.a_key, r.number
            LIMIT n_alike
        ) AS d
    ),
    usual AS MATERIALIZED (
        SELECT a.number, avg(r.shift) AS shift, avg(vector_norm(r.shift) ^ 2) AS square
        FROM alike AS a
        JOIN drawn AS r ON r.number = a.other
        GROUP BY a.number
    ),
    changed AS MATERIALIZED (
        SELECT w.*, vector_norm(coalesce(w.shift - u.shift, w.shift)) AS change,
            -- How differently these places have changed themselves.
            sqrt(greatest(u.square - vector_norm(u.shift) ^ 2, 0)) AS spread
        FROM wanted AS w
        LEFT JOIN usual AS u ON u.number = w.number
    ),
    typical AS MATERIALIZED (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY c.spread) AS spread FROM changed AS c WHERE c.number <= max_references
    ),
    relative AS MATERIALIZED (
        SELECT c.*, coalesce(c.change / nullif(c.spread + t.spread, 0), c.change) AS ratio
        FROM changed AS c
        CROSS JOIN typical AS t
    ),
    middle AS MATERIALIZED (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY r.ratio) AS ratio FROM relative AS r WHERE r.number <= max_references
    ),
    deviation AS MATERIALIZED (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(r.ratio - m.ratio)) AS ratio
        FROM relative AS r
        CROSS JOIN middle AS m
        WHERE r.number <= max_references
    )
    SELECT r.item_id, r.a_tile_id, r.b_tile_id, r.change, r.ratio,
        -- 1.4826 makes the deviation that of a normal distribution (Rousseeuw and Croux 1993).
        (r.ratio - m.ratio) / (1.4826 * nullif(d.ratio, 0)), r.similarity, (SELECT count(*) FROM pairs)
    FROM relative AS r
    CROSS JOIN middle AS m
    CROSS JOIN deviation AS d
    WHERE r.is_returned;
END;
$$;

COMMENT ON FUNCTION internal.changed_places IS
'Return how much the tiles or blocks (unit) of a city changed between two periods, in no order; with an area
(EPSG:4326), those whose centres lie in it. a_tile_id and b_tile_id are the tiles of the periods, ratio is what the order
of api.changes follows, and the other columns and the errors are those of api.changes. Medians are those of up to 300
places of the whole city, drawn by a hash of their ids: they do not depend on the area.';
