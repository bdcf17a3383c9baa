CREATE OR REPLACE VIEW api.etl_progress AS
SELECT
    e.period,
    e.stage,
    count(*) AS n_cities,
    count(*) FILTER (WHERE e.status = 'pending') AS n_pending,
    count(*) FILTER (WHERE e.status = 'running') AS n_running,
    count(*) FILTER (WHERE e.status = 'done') AS n_done,
    count(*) FILTER (WHERE e.status = 'failed') AS n_failed,
    min(e.started_at) AS started_at,
    max(e.finished_at) AS finished_at,
    sum((e.detail ->> 'n_tiles')::bigint)::bigint AS n_tiles,
    sum((e.detail ->> 'n_tiles_too_cloudy')::bigint)::bigint AS n_tiles_too_cloudy,
    sum((e.detail ->> 'n_tiles_uncovered')::bigint)::bigint AS n_tiles_uncovered,
    sum((e.detail ->> 'n_blocks')::bigint)::bigint AS n_blocks
FROM terrakin.etl_tasks AS e
GROUP BY e.period, e.stage
ORDER BY e.period, array_position(ARRAY['composite', 'embed', 'aggregate', 'blocks', 'load', 'thumbnail'], e.stage);

COMMENT ON VIEW api.etl_progress IS 'ETL progress: one row per period and stage, with the number of cities by status.';
COMMENT ON COLUMN api.etl_progress.period IS 'Dates (UTC) of the composites.';
COMMENT ON COLUMN api.etl_progress.stage IS 'composite, embed, aggregate, blocks, load or thumbnail, in that order.';
COMMENT ON COLUMN api.etl_progress.n_cities IS 'Number of cities planned for the stage.';
COMMENT ON COLUMN api.etl_progress.n_pending IS 'Cities not started.';
COMMENT ON COLUMN api.etl_progress.n_running IS 'Cities in progress (or left by a killed worker).';
COMMENT ON COLUMN api.etl_progress.n_done IS 'Cities finished.';
COMMENT ON COLUMN api.etl_progress.n_failed IS 'Cities that failed; terrakin.etl_tasks.error contains the cause.';
COMMENT ON COLUMN api.etl_progress.started_at IS 'Start of the earliest of the cities'' last attempts.';
COMMENT ON COLUMN api.etl_progress.finished_at IS 'End of the latest attempt.';
COMMENT ON COLUMN api.etl_progress.n_tiles IS 'Number of tiles that the stage produced; NULL for composite, which produces none.';
COMMENT ON COLUMN api.etl_progress.n_tiles_too_cloudy IS
'Number of tiles that were not embedded, because fewer of their pixels than --min-valid-share had a clear observation, although imagery covers them; NULL except for embed.';
COMMENT ON COLUMN api.etl_progress.n_tiles_uncovered IS
'Number of tiles that were not embedded, because imagery covers less of them than --min-valid-share; NULL except for embed.';
COMMENT ON COLUMN api.etl_progress.n_blocks IS 'Number of blocks that the stage produced; NULL except for blocks and load.';
