-- Runs last, after any change, so that it covers every object. PUBLIC gets nothing.
REVOKE ALL ON SCHEMA terrakin, api, internal, tiles FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api, internal, tiles FROM PUBLIC;

GRANT USAGE ON SCHEMA terrakin, api, internal, tiles TO terrakin_reader, terrakin_etl;
GRANT SELECT ON ALL TABLES IN SCHEMA terrakin, api TO terrakin_reader, terrakin_etl;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api, internal, tiles TO terrakin_reader, terrakin_etl;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA terrakin, api FROM terrakin_reader;

GRANT INSERT, UPDATE, DELETE ON
    terrakin.countries, terrakin.cities, terrakin.encoder, terrakin.composites, terrakin.tiles,
    terrakin.tile_aggregates, terrakin.tile_thumbnails, terrakin.tiles_version, terrakin.embedding_keys,
    terrakin.embedding_components, terrakin.embedding_lists,
    terrakin.etl_tasks, terrakin.layouts, terrakin.spatial_bias, terrakin.fitted_filters, terrakin.concepts
TO terrakin_etl;
-- A load locks the set that it adds keys to.
GRANT UPDATE ON terrakin.embedding_sets TO terrakin_etl;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA terrakin TO terrakin_etl;

-- Objects that the owner adds by hand are readable too.
ALTER DEFAULT PRIVILEGES IN SCHEMA terrakin, api GRANT SELECT ON TABLES TO terrakin_reader, terrakin_etl;
ALTER DEFAULT PRIVILEGES IN SCHEMA api, internal, tiles GRANT EXECUTE ON FUNCTIONS TO terrakin_reader, terrakin_etl;

-- For the staging tables of a load.
DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO terrakin_etl', current_database());
END;
$$;

-- Where a provider has installed the extensions in a schema of their own, and the owner may pass the privilege on.
DO $$
DECLARE
    schema_name name;
BEGIN
    FOR schema_name IN
        SELECT DISTINCT n.nspname
        FROM pg_extension AS e
        JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname IN ('postgis', 'vector') AND n.nspname <> 'public'
            AND has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION')
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO terrakin_reader, terrakin_etl', schema_name);
    END LOOP;
END;
$$;
