-- requires: internal/anchor_of_question.sql
-- requires: internal/default_method.sql
-- requires: internal/days_of.sql
-- requires: internal/key_of.sql
-- requires: internal/key_text.sql
-- requires: internal/set_id.sql
-- requires: internal/unit_of.sql
CREATE OR REPLACE FUNCTION api.question_key(query jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    unit text := internal.unit_of(query);
    method text := coalesce(query ->> 'method', internal.default_method(unit));
    set_id integer := internal.set_id(unit, method);
    anchor internal.search_anchor := internal.anchor_of_question(query, unit, method, internal.days_of(query ->> 'period'));
BEGIN
    RETURN internal.key_text(set_id, l2_normalize(internal.key_of(set_id, anchor.embedding))::vector::real[]);
END;
$$;

COMMENT ON FUNCTION api.question_key IS
'Return what a search looks for as a short text, for the query parameter key of tiles.similarity: the set of keys, a
colon, and the numbers of the question''s key in thousandths; 700 to 6,000 characters. query: as for api.search; its
filters have no effect. The text is valid until the keys are fitted again. Invalid values raise the same errors as
api.search.';
