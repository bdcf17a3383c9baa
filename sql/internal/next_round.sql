-- requires: internal/city_ranges.sql
-- requires: types/search_plan.sql
CREATE OR REPLACE FUNCTION internal.next_round(
    plan internal.search_plan, full_city_ids bigint[], n_compared bigint, min_similarity double precision
)
RETURNS internal.search_plan
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
BEGIN
    IF full_city_ids <@ coalesce(plan.exclude_city_ids, '{}') IS FALSE THEN
        -- Half of the number is enough for the matches that are missing.
        plan.max_compared := plan.max_compared / CASE WHEN plan.n_compared_before = 0 THEN 2 ELSE 1 END;
        plan.exclude_city_ids := plan.exclude_city_ids || full_city_ids;
        plan.city_ranges := internal.city_ranges(CASE WHEN plan.parent_ids IS NOT NULL THEN plan.exclude_city_ids END);
        plan.n_compared_before := plan.n_compared_before + n_compared;
    ELSIF NOT plan.is_measured THEN
        plan.is_measured := true;
    ELSIF n_compared > plan.max_ranked THEN
        plan.max_ranked := NULL;
    ELSE
        plan.max_compared := 4 * plan.max_compared;
    END IF;
    -- What is similar enough may lie in any list.
    IF min_similarity IS NOT NULL THEN
        plan.max_compared := NULL;
    END IF;
    RETURN plan;
END;
$$;

COMMENT ON FUNCTION internal.next_round IS
'Return the plan for another round of a search that found fewer than k matches: without the cities that are full; if none is
new among them, one that measures all distances, then one that looks for matches among all compared keys, and then one that
compares four times as many.';
