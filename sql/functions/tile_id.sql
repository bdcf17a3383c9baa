CREATE OR REPLACE FUNCTION api.tile_id(zone integer, is_south boolean, "row" integer, col integer, month date)
RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
DECLARE
    months_since_2015 integer := (extract(year FROM month)::integer - 2015) * 12 + extract(month FROM month)::integer - 1;
BEGIN
    IF zone NOT BETWEEN 1 AND 60 THEN
        RAISE EXCEPTION 'UTM zone % does not exist', zone USING ERRCODE = '22023', HINT = 'Zones are 1 to 60.';
    END IF;
    IF "row" NOT BETWEEN 0 AND 8191 OR col NOT BETWEEN 0 AND 1023 THEN
        RAISE EXCEPTION 'cell (row %, col %) lies outside the lattice', "row", col
            USING ERRCODE = '22023', HINT = 'row is floor(northing / 2240 m), 0 to 8191; col is floor(easting / 2240 m), 0 to 1023.';
    END IF;
    IF months_since_2015 NOT BETWEEN 0 AND 4095 THEN
        RAISE EXCEPTION 'month % cannot be encoded', month
            USING ERRCODE = '22023', HINT = 'Give a month from 2015-01 to 2356-04.';
    END IF;
    RETURN (((zone - 1) * 2 + is_south::integer)::bigint << 35) | ("row"::bigint << 22) | (col::bigint << 12) | months_since_2015;
END;
$$;

COMMENT ON FUNCTION api.tile_id IS
'Return the tile_id of a cell of the UTM lattice and a month: hemisphere and zone (7 bits), row (13), column (10),
months since 2015-01 (12); 42 bits, so exact in JavaScript. row = floor(northing / 2240 m), col = floor(easting / 2240
m). Inverse of api.tile_cell.';
