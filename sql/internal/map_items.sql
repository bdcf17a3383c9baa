-- requires: internal/area_of_item.sql
-- requires: internal/compared_keys.sql
-- requires: internal/key_of.sql
-- requires: internal/keys_of.sql
-- requires: internal/plan_search.sql
-- requires: internal/set_id.sql
-- requires: internal/with_budget.sql
-- requires: views/imported_overview.sql
CREATE OR REPLACE FUNCTION internal.map_items(z integer, envelope geometry, anchor internal.search_anchor, unit text)
RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_variable
DECLARE
    set_id constant integer := internal.set_id(unit, 'imported');
    -- Keys have unit length, so that the inner product is the cosine.
    query_key constant halfvec := l2_normalize(internal.key_of(set_id, anchor.embedding));
    lonlat constant geometry := ST_Transform(envelope, 4326);
    -- From zoom 11, what has its centre outside reaches in: items of a set are about as large as its first one.
    size_m constant double precision := CASE WHEN z < 11 THEN 0 ELSE (
        SELECT sqrt(ST_Area(i.footprint::geography)) FROM api.imported_overview AS i WHERE i.unit = unit ORDER BY i.item_id LIMIT 1
    ) END;
    around constant geometry := ST_Transform(ST_Expand(envelope, size_m / cos(radians(ST_Y(ST_Centroid(lonlat))))), 4326);
    -- The map shows the items of the query, too.
    everything constant internal.search_anchor := ROW(anchor.embedding, NULL, NULL, NULL, NULL);
    plan internal.search_plan;
    item_ids bigint[];
    -- So many items make a vector tile of 250 kB; so many keys are compared in 30 ms.
    max_items constant integer := 4000;
    max_keys constant integer := 20000;
BEGIN
    IF z < 9 THEN
        plan := internal.with_budget(internal.plan_search(everything, ROW(
            1, unit, 'imported', 0, false, NULL, NULL, NULL, NULL, NULL, NULL, 'any', lonlat, NULL, NULL, NULL, false
        )::internal.search_filters), max_keys);
        item_ids := ARRAY(SELECT k.item_id FROM internal.compared_keys(plan, everything, NULL) AS k ORDER BY k.distance LIMIT max_items);
    ELSE
        item_ids := ARRAY(
            SELECT e.item_id FROM terrakin.embedding_keys AS e
            WHERE e.set_id = set_id AND e.location && around
            ORDER BY e.key <#> query_key
            LIMIT max_items
        );
    END IF;
    RETURN (
        WITH found AS MATERIALIZED (
            SELECT e.item_id, e.location, (-(e.key <#> query_key))::real AS similarity
            FROM internal.keys_of(set_id, item_ids) AS e
        ),
        points AS (
            -- The most similar one is drawn last, on top.
            SELECT f.item_id, f.similarity, ST_AsMVTGeom(ST_Transform(f.location, 3857), envelope, 4096, 64, true) AS geom
            FROM found AS f
            ORDER BY f.similarity
        ),
        areas AS (
            SELECT f.item_id, f.similarity,
                ST_AsMVTGeom(ST_Transform(internal.area_of_item(i.geometry, s.size_m), 3857), envelope, 4096, 64, true) AS geom
            FROM found AS f
            JOIN terrakin.imported_sets AS s ON s.name = unit
            JOIN terrakin.imported_items AS i ON i.imported_set_id = s.imported_set_id AND i.item_id = f.item_id
            WHERE z >= 11
            ORDER BY f.similarity
        )
        SELECT nullif(
            (SELECT coalesce(ST_AsMVT(a, 'similarity', 4096, 'geom', 'item_id'), '') FROM areas AS a WHERE a.geom IS NOT NULL)
            || (SELECT coalesce(ST_AsMVT(p, 'items', 4096, 'geom', 'item_id'), '') FROM points AS p WHERE p.geom IS NOT NULL),
            ''
        )
    );
END;
$$;

COMMENT ON FUNCTION internal.map_items IS
'Return the layers of a vector tile (zoom z, envelope in EPSG:3857) that show how similar the items of an imported set are
to an anchor: items has a point per item, similarity its area from zoom 11. At most 4,000 items, the most similar; below
zoom 9 those among the 20,000 keys in the lists nearest to the anchor. NULL if it is empty.';
