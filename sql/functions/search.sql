-- requires: internal/anchor_of_question.sql
-- requires: internal/days_of.sql
-- requires: internal/default_filters.sql
-- requires: internal/default_method.sql
-- requires: internal/period_text.sql
-- requires: internal/picture_of_item.sql
-- requires: internal/search.sql
-- requires: internal/unit_of.sql
-- requires: views/imported_overview.sql
-- requires: views/tile_overview.sql
CREATE OR REPLACE FUNCTION api.search(query jsonb)
RETURNS TABLE (
    rank integer,
    block_id bigint,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    country text,
    similarity double precision,
    distance_m double precision,
    compared bigint,
    is_exact boolean,
    lon double precision,
    lat double precision,
    is_synthetic boolean,
    period text,
    is_date_known boolean,
    valid_share real,
    licences text[],
    attributions text[],
    has_thumbnail boolean,
    footprint geometry(MultiPolygon, 4326),
    item_id bigint
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wanted_unit constant text := internal.unit_of(query);
    filters internal.search_filters := jsonb_populate_record(
        internal.default_filters(),
        query || jsonb_build_object(
            'unit', wanted_unit,
            'method', coalesce(query ->> 'method', internal.default_method(wanted_unit)),
            'within', ST_GeomFromGeoJSON(query ->> 'within')::text,
            'period', internal.days_of(query ->> 'period')::text
        )
    );
    anchor internal.search_anchor;
BEGIN
    anchor := internal.anchor_of_question(query, wanted_unit, filters.method, filters.period);
    RETURN QUERY
    SELECT s.rank, s.block_id, s.tile_id, s.city_id, s.city, s.country_code, coalesce(o.country, i.country), s.similarity, s.distance_m,
        s.compared, s.is_exact, ST_X(c.centre), ST_Y(c.centre), o.is_synthetic,
        internal.period_text(o.period, o.is_date_known), o.is_date_known, o.valid_share, o.licences, o.attributions,
        CASE WHEN s.tile_id IS NULL THEN EXISTS (SELECT FROM internal.picture_of_item(i.location, i.footprint)) ELSE o.has_thumbnail END,
        s.footprint, s.item_id
    FROM internal.search(anchor, filters) AS s
    LEFT JOIN api.tile_overview AS o ON o.tile_id = s.tile_id
    LEFT JOIN api.imported_overview AS i ON s.tile_id IS NULL AND i.unit = wanted_unit AND i.item_id = s.item_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN s.tile_id = s.item_id THEN ST_MakePoint(o.lon, o.lat) ELSE ST_Centroid(s.footprint) END AS centre
    ) AS c
    ORDER BY s.rank;
END;
$$;

COMMENT ON FUNCTION api.search IS
'Return the matches of any search for similar tiles or blocks, given as one JSON object, as the web API takes it.
kind: tile (see api.similar_tiles), block (similar_blocks), position (similar_at), examples (similar_to_examples), area (similar_to_area) or
vector (similar_to_vector). The other keys are the arguments and defaults of that function, without the prefix query_;
a vector may have lon and lat, the position it was made at, which exclude_within_m and exclude_same_city refer to.
period: first and last day, 2024-06-01/2024-08-31. within and area: GeoJSON geometries.
The rows are those of that function, with the country and centre (EPSG:4326) of each match, and is_synthetic, valid_share,
is_date_known, licences, attributions and has_thumbnail of its tile; period is the first and last day, or ''date unknown''.
Invalid values raise the same errors.';
