DROP FUNCTION IF EXISTS api.data_version();

CREATE FUNCTION api.data_version()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$
    SELECT md5(concat_ws(
        ' ',
        (SELECT v.version FROM terrakin.tiles_version AS v),
        (
            SELECT string_agg(concat_ws(
                ':', c.oid, c.relfilenode, pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid),
                pg_stat_get_tuples_deleted(c.oid)
            ), ' ' ORDER BY c.oid)
            FROM pg_class AS c
            WHERE c.relnamespace = 'terrakin'::regnamespace AND c.relkind = 'r' AND c.relname <> 'etl_tasks'
        ),
        current_database(), pg_postmaster_start_time(),
        -- A standby counts no rows, but knows how far it is; a Citus coordinator sees neither: its answers count for a minute.
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END,
        CASE
            WHEN current_setting('track_counts') = 'off' OR EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'citus')
                THEN date_trunc('minute', now())
        END
    ));
$$;

COMMENT ON FUNCTION api.data_version IS
'A text that is another one after any change of the tables in schema terrakin (but the ledger), and mostly the same otherwise: what the web app makes ETags of. '
'Made of terrakin.tiles_version, which changes with new or changed tiles at once, and of PostgreSQL''s own row counters, which may lag by '
'ten seconds behind other changes (thumbnails, deleted tiles, a layout). No trigger, no lock.';
