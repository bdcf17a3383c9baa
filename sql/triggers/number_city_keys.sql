CREATE OR REPLACE FUNCTION terrakin.number_city_keys()
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
    WHERE c.city_id = NEW.city_id AND e.city_id = c.city_id;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION terrakin.number_city_keys IS
'Updates country_number in the keys of a city that moved to another country.';

DROP TRIGGER IF EXISTS number_city_keys ON terrakin.cities;
CREATE TRIGGER number_city_keys
AFTER UPDATE ON terrakin.cities
FOR EACH ROW WHEN (NEW.country_code <> OLD.country_code) EXECUTE FUNCTION terrakin.number_city_keys();

COMMENT ON TRIGGER number_city_keys ON terrakin.cities IS 'Updates the keys of a city that moved to another country.';
