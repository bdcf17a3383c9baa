-- requires: internal/concept.sql
-- requires: internal/country_code.sql
CREATE OR REPLACE FUNCTION api.uncertain(concept text, k bigint DEFAULT 20)
RETURNS TABLE (
    rank bigint,
    block_id bigint,
    tile_id bigint,
    city_id bigint,
    city text,
    country_code text,
    similarity double precision,
    location geometry,
    item_id bigint
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    asked terrakin.concepts := internal.concept(concept);
    labelled bigint[] := asked.positive || asked.negative;
    city_ids bigint[];
BEGIN
    IF k IS NULL OR k < 0 THEN
        RAISE EXCEPTION 'k is %', coalesce(k::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give the number of places to label: 0 or more.';
    END IF;
    -- One pass over all keys; the second statement reads those of k cities.
    city_ids := ARRAY(
        SELECT e.city_id
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = asked.set_id AND e.item_id <> ALL (labelled)
        GROUP BY e.city_id
        ORDER BY min(abs((e.key <#> asked.direction) + asked.threshold)), e.city_id
        LIMIT k
    );
    RETURN QUERY
    SELECT row_number() OVER (ORDER BY n.doubt, n.city_id),
        CASE WHEN asked.unit = 'block' THEN n.item_id END,
        CASE asked.unit WHEN 'tile' THEN n.item_id WHEN 'block' THEN n.item_id >> 6 END,
        c.city_id, c.name, internal.country_code(n.country_number), n.similarity, n.location, n.item_id
    FROM (
        SELECT DISTINCT ON (e.city_id) e.item_id, e.city_id, e.country_number, e.location, -(e.key <#> asked.direction) AS similarity,
            abs((e.key <#> asked.direction) + asked.threshold) AS doubt
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = asked.set_id AND e.city_id = ANY (city_ids) AND e.item_id <> ALL (labelled)
        ORDER BY e.city_id, doubt, e.item_id
    ) AS n
    LEFT JOIN terrakin.cities AS c ON c.city_id = n.city_id
    ORDER BY n.doubt, n.city_id;
END;
$$;

COMMENT ON FUNCTION api.uncertain IS
'Return the k tiles, blocks or imported items that a concept is least certain of, one of each city: those whose
similarity to its direction is nearest to its threshold. Whether they belong to the concept tells it most; its examples
are left out.
location: the centre, EPSG:4326. An unknown concept raises SQLSTATE P0002, an invalid k 22023.';
