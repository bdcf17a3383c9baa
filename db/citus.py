"""Whether Citus distributes the keys of this database over other servers."""

from typing import Any

import psycopg

TABLE = "terrakin.embedding_keys"
HAS_CITUS = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL"
IS_DISTRIBUTED = "SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition AS p WHERE p.logicalrelid = to_regclass(%s))"


def has_citus(conn: psycopg.Connection[Any]) -> bool:
    """Return whether the extension is installed in this database."""
    return conn.execute(HAS_CITUS).fetchone() == (True,)


def is_distributed(conn: psycopg.Connection[Any]) -> bool:
    """Return whether the keys are distributed: ``terrakin db distribute`` does it."""
    return has_citus(conn) and conn.execute(IS_DISTRIBUTED, (TABLE,)).fetchone() == (True,)
