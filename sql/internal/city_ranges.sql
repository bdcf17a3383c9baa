-- requires: types/city_range.sql
CREATE OR REPLACE FUNCTION internal.city_ranges(exclude_city_ids bigint[])
RETURNS internal.city_range[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
BEGIN
    -- Each range is looked up in each list: of many, that takes longer than reading the keys between them.
    IF exclude_city_ids IS NULL OR cardinality(exclude_city_ids) NOT BETWEEN 1 AND 32 THEN
        RETURN ARRAY[NULL]::internal.city_range[];
    END IF;
    RETURN ARRAY(
        SELECT ROW(
            lag(e.country_number, 1, -2147483648) OVER by_index, lag(e.city_id, 1, -9223372036854775808) OVER by_index,
            e.country_number, e.city_id
        )::internal.city_range
        FROM (
            SELECT n.country_number, c.city_id
            FROM terrakin.cities AS c
            JOIN terrakin.countries AS n ON n.code = c.country_code
            WHERE c.city_id = ANY (exclude_city_ids)
            UNION ALL
            SELECT 2147483647, 9223372036854775807
        ) AS e
        WINDOW by_index AS (ORDER BY e.country_number, e.city_id)
    );
END;
$$;

COMMENT ON FUNCTION internal.city_ranges IS
'Return the ranges of cities before, between and after these, by which the keys of a list are read without those of the
cities; one NULL, for all cities, if there are none or more than 32.';
