"""What a database contains, in a form that tells whether another one contains the same: tables and answers."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier

Connection = psycopg.Connection[Any]

N_QUESTIONS = 30
COLUMNS = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attname), array_agg(n.nspname ORDER BY a.attname),
        array_agg(p.proname ORDER BY a.attname)
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type AS t ON t.oid = a.atttypid
    JOIN pg_proc AS p ON p.oid = t.typsend
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE c.relnamespace = 'terrakin'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    GROUP BY c.relname
    ORDER BY c.relname
"""
FINGERPRINT = SQL("""
    SELECT count(*), coalesce(sum(('x' || left(md5({row}), 15))::bit(60)::bigint), 0)::text
    FROM terrakin.{table} AS t
""")
VALUE = SQL("coalesce(int4send(length({send}(t.{column}))) || {send}(t.{column}), decode('ffffffff', 'hex'))")
"""The binary form of a value: text would depend on settings, and takes longer."""
ANSWERS = """
    WITH asked AS (
        SELECT t.tile_id
        FROM terrakin.tiles AS t
        ORDER BY md5(t.tile_id::text)
        LIMIT %s
    )
    SELECT md5(string_agg(format('%%s %%s %%s %%s', a.tile_id, s.rank, s.tile_id, s.similarity), ','
        ORDER BY a.tile_id, s.rank))
    FROM asked AS a
    CROSS JOIN LATERAL api.similar_tiles(a.tile_id, k => 10, origin => 'any', max_per_city => 3) AS s
    GROUP BY a.tile_id
    ORDER BY a.tile_id
"""


@dataclass(frozen=True)
class Content:
    """The rows of all tables, and the answers to thirty searches.

    Attributes:
        tables: number of rows and fingerprint by name of the table in schema terrakin; the order of rows does not
            matter, and neither does the order of columns.
        answers: fingerprints of the ten best matches, at most three per city, of up to thirty tiles.
    """

    tables: dict[str, tuple[int, str]]
    answers: list[str]

    def differences(self, restored: "Content") -> list[str]:
        """Return what differs in a database that should have this content; an empty list if nothing does."""
        found = [
            f"terrakin.{name} has {_rows(self.tables.get(name))} in the backup and "
            f"{_rows(restored.tables.get(name))} in the database"
            for name in sorted(self.tables.keys() | restored.tables.keys())
            if self.tables.get(name) != restored.tables.get(name)
        ]
        return found if self.answers == restored.answers else [*found, "searches have other answers"]


def read_content(conn: Connection) -> Content:
    """Return the content of a migrated database; 48,881 tiles and 2.4 million blocks take a minute."""
    tables = {}
    for table, *columns in conn.execute(COLUMNS).fetchall():
        tables[table] = conn.execute(_fingerprint(table, zip(*columns, strict=True))).fetchone() or (0, "")
    answers = [answer for (answer,) in conn.execute(ANSWERS, (N_QUESTIONS,))]
    return Content(tables, answers)


def _fingerprint(table: str, columns: Any) -> Composed:
    values = [VALUE.format(send=Identifier(schema, send), column=Identifier(name)) for name, schema, send in columns]
    return FINGERPRINT.format(row=SQL(" || ").join(values), table=Identifier(table))


def _rows(table: tuple[int, str] | None) -> str:
    return "no such table" if table is None else f"{table[0]:,} rows ({table[1][:8]})"
