-- Roles belong to the server, not to the database, so they may exist already: an operator may have created them for an
-- owner who may not change roles. No passwords here: `terrakin db start` gives the roles of the private cluster random
-- ones; elsewhere the operator sets them.
DO $$
DECLARE
    may_change_roles boolean := (SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles AS r WHERE r.rolname = current_user);
    -- Since PostgreSQL 16 the creator of a role administers it, but may not SET ROLE to it without this option.
    membership text := CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
    -- Types and operators of both extensions must be found; many providers install them in a schema of their own.
    extension_schemas text := (
        SELECT string_agg(DISTINCT quote_ident(n.nspname), ', ')
        FROM pg_extension AS e
        JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname IN ('postgis', 'vector') AND n.nspname <> 'public'
    );
    role_name text;
    setting text;
    value text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['terrakin_reader', 'terrakin_etl'] LOOP
        IF to_regrole(role_name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER', role_name);
        END IF;
        -- Sessions of the user in DATABASE_URL switch to these roles.
        IF NOT pg_has_role(current_user, role_name, membership) THEN
            EXECUTE format('GRANT %I TO %I', role_name, current_user);
        END IF;
    END LOOP;
    IF may_change_roles THEN
        -- What an operator has set stays.
        FOR setting, value IN VALUES
            ('statement_timeout', '30s'), ('default_transaction_read_only', 'on'), ('search_path', 'public')
        LOOP
            IF NOT EXISTS (
                SELECT FROM pg_roles AS r, unnest(r.rolconfig) AS c
                WHERE r.rolname = 'terrakin_reader' AND starts_with(c, setting || '=')
            ) THEN
                EXECUTE format('ALTER ROLE terrakin_reader SET %I = %L', setting, value);
            END IF;
        END LOOP;
        IF extension_schemas IS NOT NULL THEN
            EXECUTE format(
                'ALTER ROLE terrakin_reader IN DATABASE %I SET search_path = public, %s', current_database(), extension_schemas
            );
        END IF;
        COMMENT ON ROLE terrakin_reader IS
        'Reads terrakin, api and tiles and writes nothing: web app, Martin, QGIS, analysts.';
        COMMENT ON ROLE terrakin_etl IS 'Writes the tables of schema terrakin: the ETL jobs.';
    END IF;
END;
$$;
