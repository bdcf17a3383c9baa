CREATE OR REPLACE FUNCTION internal.tiles_of_period(city_id bigint, period daterange)
RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT array_agg(n.tile_id ORDER BY n.tile_id)
    FROM (
        -- All but the last twelve bits of a tile_id are its cell.
        SELECT DISTINCT ON (t.tile_id >> 12) t.tile_id
        FROM terrakin.tiles AS t
        JOIN terrakin.composites AS m ON m.composite_id = t.composite_id
        WHERE t.city_id = tiles_of_period.city_id AND m.is_date_known AND m.period && tiles_of_period.period
        ORDER BY t.tile_id >> 12, m.period DESC, t.tile_id DESC
    ) AS n;
$$;

COMMENT ON FUNCTION internal.tiles_of_period IS
'Return the tiles of a city whose composites have days in a period, the newest of each cell; NULL if there is none.';
