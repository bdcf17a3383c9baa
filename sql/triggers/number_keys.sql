CREATE OR REPLACE FUNCTION terrakin.number_keys()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    changed_code constant text := to_jsonb(NEW) ->> TG_ARGV[0];
    number integer;
    city_ids bigint[];
BEGIN
    -- Loads that have read the old number end first. The statement below then sees the keys that they have written.
    PERFORM FROM terrakin.embedding_sets AS s WHERE s.is_current FOR NO KEY UPDATE;
    SELECT n.country_number, ARRAY(SELECT c.city_id FROM terrakin.cities AS c WHERE c.country_code = n.code)
    INTO number, city_ids
    FROM terrakin.countries AS n
    WHERE n.code = changed_code;
    UPDATE terrakin.embedding_keys AS e
    SET country_number = number
    WHERE e.city_id = ANY (city_ids) AND e.country_number <> number;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION terrakin.number_keys IS
'Updates country_number in the keys of a country. The argument of the trigger is the column that has the code of the
country.';

DROP TRIGGER IF EXISTS number_keys ON terrakin.cities;
CREATE TRIGGER number_keys
AFTER UPDATE ON terrakin.cities
FOR EACH ROW WHEN (NEW.country_code <> OLD.country_code) EXECUTE FUNCTION terrakin.number_keys('country_code');

COMMENT ON TRIGGER number_keys ON terrakin.cities IS 'Updates the keys of a city that moved to another country.';

DROP TRIGGER IF EXISTS number_keys ON terrakin.countries;
CREATE TRIGGER number_keys
AFTER UPDATE ON terrakin.countries
FOR EACH ROW WHEN (NEW.continent <> OLD.continent) EXECUTE FUNCTION terrakin.number_keys('code');

COMMENT ON TRIGGER number_keys ON terrakin.countries IS 'Updates the keys of a country that moved to another continent.';
