-- requires: types/search_plan.sql
CREATE OR REPLACE FUNCTION internal.next_round(
    plan internal.search_plan, full_city_ids bigint[], n_compared bigint, min_similarity double precision
)
RETURNS internal.search_plan
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
BEGIN
    IF full_city_ids IS NULL THEN
        plan.max_compared := 4 * plan.max_compared;
    ELSE
        plan.exclude_city_ids := plan.exclude_city_ids || full_city_ids;
        plan.n_compared_before := plan.n_compared_before + n_compared;
    END IF;
    -- What is similar enough may lie in any list.
    IF min_similarity IS NOT NULL THEN
        plan.max_compared := NULL;
    END IF;
    plan.max_ranked := 5 * plan.max_ranked;
    RETURN plan;
END;
$$;

COMMENT ON FUNCTION internal.next_round IS
'Return the plan for another round of a search that found fewer than k matches: without the cities that are full, or, if
there are none, comparing four times as many keys.';
