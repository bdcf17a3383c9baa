"""Distributes the keys that searches compare over the workers of a Citus coordinator.

Only ``terrakin.embedding_keys`` is distributed, by item_id: searches read thousands of them, which must stay in
memory. All other tables stay on the coordinator, with their foreign keys and triggers.
"""

import psycopg

from db.advisory_locks import MIGRATION
from db.citus import TABLE, has_citus, is_distributed
from db.connect import connect
from db.errors import DbError, one_line
from db.install.apply_sql import Change
from db.install.migrate import migrate
from db.settings import Settings

LOCK = "SELECT pg_advisory_xact_lock(%s)"
COUNT_WORKERS = "SELECT count(*) FROM citus_get_active_worker_nodes()"
DISTRIBUTE = "SELECT create_distributed_table(%s, 'item_id', colocate_with => 'none', shard_count => %s)"


def distribute(settings: Settings, n_shards: int | None = None) -> list[Change]:
    """Migrate, distribute the keys with all their rows, and apply the objects of ``sql/`` that are different then.

    Does nothing to keys that are distributed already: a command that was interrupted goes on where it stopped.

    Args:
        settings: the database of the coordinator; it is connected to as its owner.
        n_shards: number of shards; None for one per worker. More than the workers have cores make searches slower.

    Returns:
        The files of ``sql/`` that were applied.

    Raises:
        DbError: Citus is not installed in the database, it has no worker, or it refuses.
    """
    changes = migrate(settings)
    with connect(settings) as conn:
        conn.execute(LOCK, (MIGRATION,))
        if not has_citus(conn):
            raise DbError(
                f"database {conn.info.dbname!r} has no Citus; install it on all servers (docs/scale-out.md), then let "
                "a superuser run CREATE EXTENSION citus in this database"
            )
        if not is_distributed(conn):
            (n_workers,) = conn.execute(COUNT_WORKERS).fetchone() or (0,)
            if n_workers == 0:
                raise DbError(
                    "this coordinator has no workers; let a superuser run SELECT citus_add_node('HOST', PORT) for each"
                )
            try:
                conn.execute(DISTRIBUTE, (TABLE, n_workers if n_shards is None else n_shards))
            except psycopg.Error as error:
                raise DbError(f"nothing was distributed: {one_line(error)}") from error
    return changes + migrate(settings)
