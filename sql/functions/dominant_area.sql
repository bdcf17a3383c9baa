-- requires: functions/tile_cell.sql
-- requires: internal/cut_at_antimeridian.sql
CREATE OR REPLACE FUNCTION api.dominant_area(tile_id bigint)
RETURNS geometry(MultiPolygon, 4326)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    -- The lattice cell is 14 x 14 patches of 160 m; bit 0 is the patch in its north-west corner, and bits run row by row.
    SELECT internal.cut_at_antimeridian(ST_Transform(
        ST_Union(ST_MakeEnvelope(
            c.col * 2240 + p.number % 14 * 160,
            (c."row" + 1) * 2240 - (p.number / 14 + 1) * 160,
            c.col * 2240 + (p.number % 14 + 1) * 160,
            (c."row" + 1) * 2240 - p.number / 14 * 160,
            c.srid
        )),
        4326
    ))
    FROM terrakin.tiles AS t
    CROSS JOIN LATERAL api.tile_cell(t.tile_id) AS c
    CROSS JOIN generate_series(0, 195) AS p(number)
    WHERE t.tile_id = dominant_area.tile_id AND get_bit(t.dominant_patches, p.number) = 1;
$$;

COMMENT ON FUNCTION api.dominant_area IS
'Return the area of a tile''s largest cluster of patches, whose mean is embedding_dominant: the union of squares of 160
m, EPSG:4326, cut at the antimeridian.
NULL if the tile does not exist or its patches were not recorded.';
