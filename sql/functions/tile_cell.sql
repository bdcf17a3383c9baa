CREATE OR REPLACE FUNCTION api.tile_cell(tile_id bigint)
RETURNS TABLE (zone integer, is_south boolean, srid integer, "row" integer, col integer, month date)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT
        ((tile_id >> 36) + 1)::integer,
        (tile_id >> 35) & 1 = 1,
        (CASE WHEN (tile_id >> 35) & 1 = 1 THEN 32700 ELSE 32600 END + (tile_id >> 36) + 1)::integer,
        ((tile_id >> 22) & 8191)::integer,
        ((tile_id >> 12) & 1023)::integer,
        (date '2015-01-01' + make_interval(months => (tile_id & 4095)::integer))::date;
$$;

COMMENT ON FUNCTION api.tile_cell IS
'Return the parts of a tile_id: UTM zone and hemisphere (srid: EPSG 326zz north, 327zz south), row and col of the 2,240
m lattice (lower left corner at x = col * 2240 m, y = row * 2240 m in that srid), and the first month of the
composite. Inverse of api.tile_id.';
