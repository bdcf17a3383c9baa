CREATE OR REPLACE FUNCTION terrakin.number_keys()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    -- Loads that have read the old number end first. The statement below then sees the keys that they have written.
    PERFORM FROM terrakin.embedding_sets AS s WHERE s.is_current FOR NO KEY UPDATE;
    UPDATE terrakin.embedding_keys AS e
    SET country_number = n.country_number
    FROM terrakin.cities AS c
    JOIN terrakin.countries AS n ON n.code = c.country_code
    WHERE n.code = to_jsonb(NEW) ->> TG_ARGV[0] AND e.city_id = c.city_id AND e.country_number <> n.country_number;
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
