-- The roles belong to the server, not to the database, so they may exist already, made by an operator for an owner
-- who may not change roles. No passwords here: `terrakin db start` gives the private cluster's roles random ones;
-- elsewhere the operator sets them.
DO $$
DECLARE
    may_change_roles boolean := (SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles AS r WHERE r.rolname = current_user);
    -- Since PostgreSQL 16 who makes a role is its administrator, but may not SET ROLE to it by that alone.
    membership text := CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['terrakin_reader', 'terrakin_etl'] LOOP
        IF to_regrole(role_name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER', role_name);
        END IF;
        -- A session of DATABASE_URL's user works in these roles.
        IF NOT pg_has_role(current_user, role_name, membership) THEN
            EXECUTE format('GRANT %I TO %I', role_name, current_user);
        END IF;
    END LOOP;
    IF may_change_roles THEN
        ALTER ROLE terrakin_reader SET statement_timeout = '30s';
        ALTER ROLE terrakin_reader SET default_transaction_read_only = on;
        ALTER ROLE terrakin_reader SET search_path = public;
        COMMENT ON ROLE terrakin_reader IS
        'Reads terrakin, api and tiles and writes nothing: web app, Martin, QGIS, analysts.';
        COMMENT ON ROLE terrakin_etl IS 'Writes the tables of schema terrakin: the ETL jobs.';
    END IF;
END;
$$;
