-- requires: types/search_plan.sql
CREATE OR REPLACE FUNCTION internal.with_budget(plan internal.search_plan, max_compared bigint)
RETURNS internal.search_plan
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
BEGIN
    plan.max_compared := with_budget.max_compared;
    RETURN plan;
END;
$$;

COMMENT ON FUNCTION internal.with_budget IS
'Return the plan of a search that compares another number of eligible keys at most; NULL for all.';
