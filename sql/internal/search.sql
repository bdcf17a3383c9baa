-- requires: functions/block_footprint.sql
-- requires: internal/check_search.sql
-- requires: internal/cities_in.sql
-- requires: internal/composites_in.sql
-- requires: internal/is_few.sql
-- requires: internal/key_of.sql
-- requires: internal/wanted_origin.sql
-- requires: internal/wrap_longitudes.sql
-- requires: types/match.sql
-- requires: types/search_anchor.sql
-- requires: types/search_filters.sql
-- requires: views/tile_vectors.sql
CREATE OR REPLACE FUNCTION internal.search(anchor internal.search_anchor, filters internal.search_filters)
RETURNS SETOF internal.match
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
-- Custom plans fold filters that are NULL out of the ranking statement.
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_variable
DECLARE
    set_id integer := internal.check_search(anchor.embedding, filters);
    query halfvec := internal.key_of(set_id, anchor.embedding);
    is_tile boolean := filters.unit = 'tile';
    k bigint := filters.k;
    within geometry := internal.wrap_longitudes(filters.within);
    only_city_ids bigint[] := internal.cities_in(
        filters.countries, filters.continents, internal.wanted_origin(filters.origin, anchor.is_synthetic)
    );
    -- x <> ALL (an array with a NULL) is never true.
    exclude_city_ids bigint[] := array_remove(
        filters.exclude_city_ids || CASE WHEN filters.exclude_same_city THEN anchor.city_ids END
        || internal.cities_in(filters.exclude_countries, NULL), NULL
    );
    composite_ids bigint[] := internal.composites_in(filters.period);
    exclude_within_m double precision := CASE WHEN anchor.location IS NOT NULL THEN nullif(filters.exclude_within_m, 0) END;
    -- Everything nearer lies between these latitudes, because a degree of latitude is longer than 110,574 m.
    south double precision := ST_YMin(anchor.location::geometry) - exclude_within_m / 110574;
    north double precision := ST_YMax(anchor.location::geometry) + exclude_within_m / 110574;
    max_per_city integer := filters.max_per_city;
    is_few boolean := internal.is_few(filters.unit, only_city_ids, within);
    -- An index on lists and cities is entered once for each city: for many of them, reading whole lists is faster.
    is_city_indexed boolean := is_few OR cardinality(only_city_ids) <= 64;
    -- Tiles are ranked again by their whole vectors: more of them, so that none is missed.
    n_short bigint := CASE WHEN is_tile THEN greatest(5 * k, 100) ELSE k END;
    max_compared bigint := (
        SELECT greatest(s.max_compared, 10 * n_short)
        FROM terrakin.embedding_sets AS s
        WHERE s.set_id = set_id AND NOT filters.exact AND NOT is_few
    );
    parent_ids integer[] := ARRAY(
        SELECT l.list_id FROM terrakin.embedding_lists AS l
        WHERE l.set_id = set_id AND l.parent_id IS NULL ORDER BY l.centroid <#> query LIMIT 24
    );
    n_compared bigint;
    found_ids bigint[];
    similarities double precision[];
BEGIN
    LOOP
        WITH compared AS MATERIALIZED (
            -- The nearest lists first. The loop ends as soon as enough eligible keys were compared.
            SELECT c.item_id, c.city_id, c.distance
            FROM (
                (SELECT l.list_id FROM terrakin.embedding_lists AS l
                WHERE NOT is_few AND l.set_id = set_id AND l.parent_id = ANY (parent_ids) ORDER BY l.centroid <#> query)
                UNION ALL
                (SELECT l.list_id FROM terrakin.embedding_lists AS l
                WHERE NOT is_few AND l.set_id = set_id AND l.parent_id <> ALL (parent_ids) ORDER BY l.centroid <#> query)
                UNION ALL
                SELECT NULL WHERE is_few
            ) AS l
            CROSS JOIN LATERAL (
                SELECT e.item_id, e.city_id, e.key <=> query AS distance
                FROM terrakin.embedding_keys AS e
                WHERE e.set_id = set_id
                    AND (is_few OR e.list_id = l.list_id)
                    AND (only_city_ids IS NULL OR NOT is_city_indexed OR e.city_id = ANY (only_city_ids))
                    AND (only_city_ids IS NULL OR is_city_indexed OR e.city_id + 0 = ANY (only_city_ids))
                    AND (exclude_city_ids IS NULL OR e.city_id <> ALL (exclude_city_ids))
                    AND (anchor.item_ids IS NULL OR e.item_id <> ALL (anchor.item_ids))
                    AND (exclude_within_m IS NULL OR ST_Y(e.location) NOT BETWEEN south AND north
                        OR NOT ST_DWithin(e.location::geography, anchor.location, exclude_within_m))
                    AND (within IS NULL OR NOT is_few OR e.location && within)
                    AND (within IS NULL OR ST_Intersects(e.location, within) IS TRUE)
                    AND (composite_ids IS NULL OR (
                        SELECT t.composite_id FROM terrakin.tiles AS t
                        WHERE t.tile_id = CASE WHEN is_tile THEN e.item_id ELSE e.item_id >> 6 END
                    ) = ANY (composite_ids))
                    AND (filters.min_valid_share IS NULL OR e.valid_share >= filters.min_valid_share)
                OFFSET 0
            ) AS c
            LIMIT max_compared
        ),
        best AS (
            SELECT c.item_id, c.city_id, c.distance,
                CASE WHEN NOT is_tile THEN row_number() OVER (PARTITION BY c.item_id >> 6 ORDER BY c.distance, c.item_id) END AS place_in_tile
            FROM (
                SELECT o.item_id, o.city_id, o.distance
                FROM compared AS o
                ORDER BY o.distance, o.item_id
                -- The best 49 k blocks are those of k tiles at least.
                LIMIT CASE WHEN max_per_city IS NULL THEN CASE WHEN is_tile THEN n_short ELSE 49 * k END END
            ) AS c
        ),
        short AS (
            SELECT b.item_id, b.city_id, b.distance
            FROM (
                SELECT o.item_id, o.city_id, o.distance,
                    CASE WHEN max_per_city IS NOT NULL THEN row_number() OVER (PARTITION BY o.city_id ORDER BY o.distance, o.item_id) END AS place_in_city
                FROM best AS o
                WHERE is_tile OR o.place_in_tile <= coalesce(filters.max_per_tile, 1)
            ) AS b
            WHERE max_per_city IS NULL OR b.place_in_city <= max_per_city + CASE WHEN is_tile THEN 4 ELSE 0 END
            ORDER BY b.distance, b.item_id
            LIMIT n_short
        ),
        ranked AS (
            SELECT r.item_id, r.similarity,
                row_number() OVER (PARTITION BY CASE WHEN max_per_city IS NOT NULL THEN r.city_id END ORDER BY r.similarity DESC, r.item_id) AS place
            FROM (
                SELECT s.item_id, s.city_id, 1 - CASE WHEN is_tile THEN v.embedding <=> anchor.embedding ELSE s.distance END AS similarity
                FROM short AS s
                LEFT JOIN api.tile_vectors AS v ON is_tile AND v.tile_id = s.item_id AND v.method = filters.method
            ) AS r
            WHERE r.similarity >= coalesce(filters.min_similarity, '-Infinity')
        )
        SELECT
            (array_agg(r.item_id ORDER BY r.similarity DESC, r.item_id))[:k],
            (array_agg(r.similarity ORDER BY r.similarity DESC, r.item_id))[:k],
            (SELECT count(*) FROM compared)
        INTO found_ids, similarities, n_compared
        FROM ranked AS r
        WHERE r.place <= coalesce(max_per_city, k);

        -- Too few passed max_per_city or min_similarity: compare more.
        EXIT WHEN max_compared IS NULL OR n_compared < max_compared OR cardinality(found_ids) >= k;
        max_compared := CASE WHEN filters.min_similarity IS NULL THEN 4 * max_compared END;
    END LOOP;

    RETURN QUERY
    SELECT f.place::integer, CASE WHEN NOT is_tile THEN f.item_id END, CASE WHEN is_tile THEN f.item_id ELSE f.item_id >> 6 END,
        e.city_id, c.name, c.country_code, f.similarity, ST_Distance(e.location::geography, anchor.location),
        CASE WHEN is_tile THEN t.footprint ELSE api.block_footprint(f.item_id) END,
        n_compared, max_compared IS NULL OR n_compared < max_compared
    FROM unnest(found_ids, similarities) WITH ORDINALITY AS f(item_id, similarity, place)
    JOIN terrakin.embedding_keys AS e ON e.set_id = set_id AND e.item_id = f.item_id
    JOIN terrakin.cities AS c ON c.city_id = e.city_id
    LEFT JOIN terrakin.tiles AS t ON is_tile AND t.tile_id = f.item_id
    ORDER BY f.place;
END;
$$;

COMMENT ON FUNCTION internal.search IS
'Return the min(k, eligible) matches of an anchor that pass the filters, best first, ties by tile_id or block_id. Every
search for similar tiles or blocks ends here. An invalid filter raises SQLSTATE 22023.';
