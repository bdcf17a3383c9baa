CREATE OR REPLACE FUNCTION api.tile_cell(tile_id bigint)
RETURNS TABLE (zone integer, is_south boolean, srid integer, "row" integer, col integer, month date)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
ROWS 1
AS $$
BEGIN
    zone := (tile_id >> 36) + 1;
    is_south := (tile_id >> 35) & 1 = 1;
    srid := CASE WHEN is_south THEN 32700 ELSE 32600 END + zone;
    "row" := (tile_id >> 22) & 8191;
    col := (tile_id >> 12) & 1023;
    month := date '2015-01-01' + make_interval(months => (tile_id & 4095)::integer);
    RETURN NEXT;
END;
$$;

COMMENT ON FUNCTION api.tile_cell IS
'Return the parts of a tile_id: UTM zone and hemisphere (srid: EPSG 326zz north, 327zz south), row and col of the 2,240
m lattice (lower left corner at x = col * 2240 m, y = row * 2240 m in that srid), and the first month of the
composite. Inverse of api.tile_id.';
