CREATE OR REPLACE FUNCTION internal.full_cities(
    INOUT item_ids bigint[], INOUT city_ids bigint[], INOUT similarities double precision[], max_per_city bigint
)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    SELECT array_agg(m.item_id), array_agg(m.city_id), array_agg(m.similarity)
    INTO item_ids, city_ids, similarities
    FROM (
        SELECT i.item_id, i.city_id, i.similarity, count(*) OVER (PARTITION BY i.city_id) AS n
        FROM unnest(item_ids, city_ids, similarities) AS i(item_id, city_id, similarity)
    ) AS m
    WHERE m.n >= max_per_city;
END;
$$;

COMMENT ON FUNCTION internal.full_cities IS
'Return the matches in cities that have max_per_city of them; NULL if there are none, or if max_per_city is NULL.';
