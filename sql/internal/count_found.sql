CREATE OR REPLACE FUNCTION internal.count_found(concept terrakin.concepts)
RETURNS TABLE (city_id bigint, country_number integer, n_found bigint, n_compared bigint, best_similarity double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 100
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.city_id, e.country_number, count(*) FILTER (WHERE -(e.key <#> concept.direction) >= concept.threshold), count(*),
        max(-(e.key <#> concept.direction))
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = concept.set_id
    GROUP BY e.city_id, e.country_number;
END;
$$;

COMMENT ON FUNCTION internal.count_found IS
'Return how many tiles, blocks or items of each city, or cell without a city, a concept describes. All keys of its set are compared. A function, because
Citus refuses to distribute a table with views that read local tables too.';
