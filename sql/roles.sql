-- The roles belong to the server, not to the database, so they may exist already. No passwords here:
-- `terrakin db start` gives the private cluster's roles random ones; elsewhere the operator sets them.
DO $$
BEGIN
    IF to_regrole('terrakin_reader') IS NULL THEN
        CREATE ROLE terrakin_reader LOGIN;
    END IF;
    IF to_regrole('terrakin_etl') IS NULL THEN
        CREATE ROLE terrakin_etl LOGIN;
    END IF;
    -- A session that works for others must be able to become them (DATABASE_URL without superuser rights).
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT terrakin_reader, terrakin_etl TO %I', current_user);
    END IF;
END;
$$;

COMMENT ON ROLE terrakin_reader IS 'Reads terrakin, api and tiles and writes nothing: web app, Martin, QGIS, analysts.';
COMMENT ON ROLE terrakin_etl IS 'Writes the tables of schema terrakin: the ETL jobs.';

ALTER ROLE terrakin_reader SET statement_timeout = '30s';
ALTER ROLE terrakin_reader SET default_transaction_read_only = on;
ALTER ROLE terrakin_reader SET search_path = public;
