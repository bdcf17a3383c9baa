"""Keep the keys of a country, and of a continent, side by side in each list."""

from alembic import op

revision = "0005"
down_revision = "0004"

UPGRADE = """
    ALTER TABLE terrakin.countries ADD COLUMN country_number integer NOT NULL GENERATED ALWAYS AS (
        CASE continent WHEN 'Africa' THEN 1 WHEN 'Antarctica' THEN 2 WHEN 'Asia' THEN 3 WHEN 'Europe' THEN 4
            WHEN 'North America' THEN 5 WHEN 'Oceania' THEN 6 WHEN 'South America' THEN 7 END * 65536
        + ascii(code) * 256 + ascii(substr(code, 2))
    ) STORED;
    COMMENT ON COLUMN terrakin.countries.country_number IS
        'Number made from the continent and the code. The numbers of a continent follow one another.';

    ALTER TABLE terrakin.embedding_keys ADD COLUMN country_number integer NOT NULL DEFAULT 0;
    COMMENT ON COLUMN terrakin.embedding_keys.country_number IS
        'country_number of the country that the city lies in.';
    COMMENT ON TABLE terrakin.embedding_keys IS
        'Vectors of tiles and blocks in the form that searches compare, one partition per set. Rows of a fitted set lie '
        'in the order of list, country and city.';
    ALTER TABLE terrakin.embedding_keys ALTER COLUMN country_number DROP DEFAULT;
    DROP INDEX terrakin.ix_embedding_keys_list_id_city_id;
"""
NUMBER = """
    DO $$
    DECLARE
        partition text;
        set_id integer;
    BEGIN
        FOR set_id, partition IN
            SELECT s.set_id, 'embedding_keys_' || s.set_id
            FROM terrakin.embedding_sets AS s
            JOIN pg_inherits AS h ON h.inhrelid = to_regclass('terrakin.embedding_keys_' || s.set_id)
        LOOP
            EXECUTE format('ALTER TABLE terrakin.embedding_keys DETACH PARTITION terrakin.%I', partition);
            EXECUTE format('ALTER TABLE terrakin.%I RENAME TO unnumbered_keys', partition);
            EXECUTE format(
                'CREATE TABLE terrakin.%I (LIKE terrakin.embedding_keys INCLUDING STORAGE INCLUDING COMMENTS)', partition
            );
            EXECUTE format(
                'INSERT INTO terrakin.%I
                SELECT e.item_id, e.city_id, e.list_id, e.valid_share, e.set_id, e.location, e.key,
                    coalesce(n.country_number, 0)
                FROM terrakin.unnumbered_keys AS e
                LEFT JOIN terrakin.cities AS c ON c.city_id = e.city_id
                LEFT JOIN terrakin.countries AS n ON n.code = c.country_code
                ORDER BY e.list_id, 8, e.city_id, e.item_id', partition
            );
            DROP TABLE terrakin.unnumbered_keys;
            EXECUTE format(
                'ALTER TABLE terrakin.embedding_keys ATTACH PARTITION terrakin.%I FOR VALUES IN (%s)', partition, set_id
            );
        END LOOP;
    END;
    $$;
    CREATE INDEX ix_embedding_keys_list_id_country_number_city_id
        ON terrakin.embedding_keys (list_id, country_number, city_id);
"""
"""An update would leave every key twice, in no order."""
DOWNGRADE = """
    DROP TRIGGER IF EXISTS number_keys ON terrakin.cities;
    DROP TRIGGER IF EXISTS number_keys ON terrakin.countries;
    DROP FUNCTION IF EXISTS terrakin.number_keys();
    DROP INDEX terrakin.ix_embedding_keys_list_id_country_number_city_id;
    ALTER TABLE terrakin.embedding_keys DROP COLUMN country_number;
    ALTER TABLE terrakin.countries DROP COLUMN country_number;
    CREATE INDEX ix_embedding_keys_list_id_city_id ON terrakin.embedding_keys (list_id, city_id);
    COMMENT ON TABLE terrakin.embedding_keys IS
        'Vectors of tiles and blocks in the form that searches compare, one partition per set. Rows of a fitted set lie '
        'in the order of list and city.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)
    op.execute(NUMBER)


def downgrade() -> None:
    op.execute(DOWNGRADE)
