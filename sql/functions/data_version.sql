CREATE OR REPLACE FUNCTION api.data_version()
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
        -- A standby has no row counters, but a replay position. A Citus coordinator has neither: its version changes every minute.
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END,
        CASE
            WHEN current_setting('track_counts') = 'off' OR EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'citus')
                THEN date_trunc('minute', now())
        END
    ));
$$;

COMMENT ON FUNCTION api.data_version IS
'Return a fingerprint of the data; it changes whenever the tables of schema terrakin change (except the ledger). The
web app derives its ETags from it.
It combines terrakin.tiles_version, which changes at once with new or changed tiles, and PostgreSQL''s row counters,
which may be up to ten seconds late for other changes (thumbnails, deleted tiles, a layout). It may change without a
change of the data. No trigger, no lock.';
