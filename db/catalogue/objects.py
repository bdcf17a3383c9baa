"""The objects of ``sql/`` as a database contains them: described, compared with a file, and dropped.

An object is addressed by the name of its file, such as ``functions/tile_at.sql``; all overloads of a function belong
to one file.
"""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from db.catalogue.files import FOLDERS, GRANTS, ROLES, SCHEMAS
from db.errors import DbError
from db.roles import ETL, READER, READER_LIMITS

FOLDER_OF = {kind_and_schema: folder for folder, kind_and_schema in FOLDERS.items()}

DESCRIPTIONS = """
    SELECT d.kind, d.schema, d.name, encode(sha256(convert_to(string_agg(d.text, '' ORDER BY d.text), 'UTF8')), 'hex')
    FROM (
        SELECT 'FUNCTION', p.pronamespace::regnamespace::text, p.proname,
            concat_ws(E'\n', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'), t.definitions)
        FROM pg_proc AS p
        LEFT JOIN (
            SELECT t.tgfoid, string_agg(
                concat_ws(E'\n', pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger')), '' ORDER BY t.tgname
            )
            FROM pg_trigger AS t
            WHERE NOT t.tgisinternal
            GROUP BY t.tgfoid
        ) AS t (function_id, definitions) ON t.function_id = p.oid
        WHERE p.prokind = 'f'
        UNION ALL
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TYPE' END, c.relnamespace::regnamespace::text, c.relname,
            concat_ws(
                E'\n', CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END, c.reloptions,
                obj_description(c.oid, 'pg_class'), obj_description(c.reltype, 'pg_type'), a.definitions
            )
        FROM pg_class AS c
        CROSS JOIN LATERAL (
            SELECT string_agg(
                concat_ws(
                    ' ', a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
                ), E'\n' ORDER BY a.attnum
            )
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ) AS a (definitions)
        WHERE c.relkind IN ('v', 'c')
    ) AS d (kind, schema, name, text)
    WHERE d.schema = ANY (%(schemas)s)
    GROUP BY d.kind, d.schema, d.name
"""
"""Hash of everything that the files set, as PostgreSQL describes it."""
HAS_CITUS = "SELECT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'citus')"
DESCRIBE_ROLES = """
    SELECT coalesce(
        string_agg(concat_ws(' ', r.rolname, pg_has_role(r.oid, m.privilege), ARRAY(
            SELECT split_part(c, '=', 1)
            FROM unnest(r.rolconfig) AS c
            WHERE r.rolname = 'terrakin_reader' AND split_part(c, '=', 1) = ANY (%(limits)s)
            ORDER BY 1
        )), E'\n' ORDER BY r.rolname), ''
    )
    FROM pg_roles AS r
    CROSS JOIN (
        SELECT CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END
    ) AS m (privilege)
    WHERE r.rolname = ANY (%(roles)s)
"""
DESCRIBE_GRANTS = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(
        concat_ws(' ', o.name, coalesce(r.rolname, 'public'), g.privilege_type), E'\n'
        ORDER BY o.name, r.rolname, g.privilege_type
    ), ''), 'UTF8')), 'hex')
    FROM (
        SELECT n.nspname, n.oid, coalesce(n.nspacl, acldefault('n', n.nspowner))
        FROM pg_namespace AS n
        UNION ALL
        SELECT c.oid::regclass::text, c.relnamespace, c.relacl
        FROM pg_class AS c
        WHERE c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition
        UNION ALL
        SELECT p.oid::regprocedure::text, p.pronamespace, coalesce(p.proacl, acldefault('f', p.proowner))
        FROM pg_proc AS p
    ) AS o (name, schema_id, acl)
    CROSS JOIN LATERAL aclexplode(o.acl) AS g
    LEFT JOIN pg_roles AS r ON r.oid = g.grantee
    WHERE o.schema_id = ANY (%(schemas)s::regnamespace[])
        AND (g.grantee = 0 OR r.rolname = ANY (%(roles)s))
"""

FUNCTIONS = """
    SELECT 'pg_proc'::regclass::oid, p.oid, ARRAY[
        ROW(
            p.proargtypes, p.proallargtypes, p.proargnames, p.proargmodes, p.prorettype, p.proretset, p.prokind
        )::text
    ], p.pronargdefaults
    FROM pg_proc AS p
    WHERE p.pronamespace = to_regnamespace(%(schema)s) AND p.proname = %(name)s
"""
VIEWS = """
    SELECT 'pg_class'::regclass::oid, c.oid, ARRAY(
        SELECT ROW(a.attname, a.atttypid, a.atttypmod, a.attcollation)::text
        FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0
        ORDER BY a.attnum
    ), 0
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relname = %(name)s AND c.relkind = 'v'
"""
TYPES = """
    SELECT 'pg_type'::regclass::oid, c.reltype, '{}'::text[], 0
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relname = %(name)s AND c.relkind = 'c'
"""
FIND: dict[str, LiteralString] = {"FUNCTION": FUNCTIONS, "VIEW": VIEWS, "TYPE": TYPES}
DEPENDENTS = """
    WITH parts (catalogue, id) AS (
        VALUES (%(catalogue)s::oid, %(id)s::oid)
        UNION
        SELECT p.catalogue, p.id
        FROM pg_type AS t
        CROSS JOIN LATERAL (
            VALUES
                ('pg_type'::regclass::oid, t.oid),
                ('pg_type'::regclass, t.typarray),
                ('pg_class'::regclass, t.typrelid)
        ) AS p (catalogue, id)
        WHERE (%(catalogue)s = 'pg_type'::regclass::oid AND t.oid = %(id)s)
            OR (%(catalogue)s = 'pg_class'::regclass::oid AND t.typrelid = %(id)s)
    )
    SELECT DISTINCT i.type, i.schema, i.name
    FROM parts
    JOIN pg_depend AS d ON d.refclassid = parts.catalogue AND d.refobjid = parts.id AND d.deptype = 'n'
    LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    CROSS JOIN LATERAL (
        SELECT 'FUNCTION', p.pronamespace::regnamespace::text, p.proname
        FROM pg_proc AS p
        WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        UNION ALL
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TYPE' END, c.relnamespace::regnamespace::text, c.relname
        FROM pg_class AS c
        WHERE (c.relkind = 'v' AND c.oid = r.ev_class)
            OR (c.relkind = 'c' AND d.classid = 'pg_class'::regclass AND c.oid = d.objid)
    ) AS i (type, schema, name)
    WHERE r.ev_class IS DISTINCT FROM %(id)s
"""
DROP = "SELECT format('DROP %%s %%s', upper(i.type), i.identity) FROM pg_identify_object(%s, %s, 0) AS i"
DROP_TRIGGERS = """
    SELECT format('DROP TRIGGER %%I ON %%s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE %(catalogue)s = 'pg_proc'::regclass AND t.tgfoid = %(id)s AND NOT t.tgisinternal
        AND c.relnamespace = 'terrakin'::regnamespace AND NOT c.relispartition
"""
"""The file of a trigger function creates its triggers too."""
RENAME = """
    SELECT format('ALTER %%s %%s RENAME TO %%I', upper(i.type), i.identity, 'terrakin_previous_' || %(id)s)
    FROM pg_identify_object(%(catalogue)s, %(id)s, 0) AS i
"""


@dataclass(frozen=True)
class Found:
    """One object in the database.

    Attributes:
        catalogue: oid of the system catalogue that contains it.
        oid: its oid there.
        shape: what CREATE OR REPLACE cannot change: a function's signature and result, a view's columns in order.
        n_defaults: number of arguments with a default, which CREATE OR REPLACE cannot lower.
    """

    catalogue: int
    oid: int
    shape: tuple[str, ...]
    n_defaults: int

    def can_become(self, other: "Found") -> bool:
        """Return whether CREATE OR REPLACE can turn this object into the other one."""
        return other.shape[: len(self.shape)] == self.shape and self.n_defaults <= other.n_defaults


def describe(conn: psycopg.Connection[Any]) -> dict[str, str | None]:
    """Return a hash of each object in our schemas by file name, and of roles and grants; None: cannot be compared.

    On Citus the operator drops the trigger of ``triggers/``: distributed tables allow none.
    """
    parameters = {"schemas": list(SCHEMAS), "roles": [ETL, READER], "limits": list(READER_LIMITS)}
    rows = conn.execute(DESCRIPTIONS, parameters).fetchall()
    found: dict[str, str | None] = {
        f"{FOLDER_OF[kind, schema]}/{name}.sql": sha256
        for kind, schema, name, sha256 in rows
        if (kind, schema) in FOLDER_OF
    }
    if conn.execute(HAS_CITUS).fetchone() == (True,):
        found |= {name: None for name in found if name.startswith("triggers/")}
    (found[ROLES],) = conn.execute(DESCRIBE_ROLES, parameters).fetchone() or (None,)
    (found[GRANTS],) = conn.execute(DESCRIBE_GRANTS, parameters).fetchone() or (None,)
    return found


def find(conn: psycopg.Connection[Any], name: str) -> list[Found]:
    """Return the objects that belong to a file: none, one, or several overloads of a function."""
    path = PurePosixPath(name)
    kind, schema = FOLDERS[str(path.parent)]
    rows = conn.execute(FIND[kind], {"schema": schema, "name": path.stem}).fetchall()
    return [Found(catalogue, oid, tuple(shape), n_defaults) for catalogue, oid, shape, n_defaults in rows]


def drop(conn: psycopg.Connection[Any], name: str, item: Found, ours: Set[str]) -> list[str]:
    """Drop an object after those of ours that depend on it, and a function's triggers; never anything else.

    Args:
        conn: in a transaction.
        name: the file of the object.
        item: the object, one of those that ``find`` returned.
        ours: names of the files whose objects may be dropped too.

    Returns:
        Names of the files whose objects were dropped because they depend on this one.

    Raises:
        DbError: another object depends on it; the message names that object.
    """
    dropped: list[str] = []
    for dependent in _dependents(conn, item):
        if dependent in ours and dependent != name:
            for overload in find(conn, dependent):
                dropped += [dependent, *drop(conn, dependent, overload, ours)]
    for (statement,) in conn.execute(DROP_TRIGGERS, {"catalogue": item.catalogue, "id": item.oid}).fetchall():
        conn.execute(sql.SQL(statement))
    try:
        _execute_built(conn, DROP, (item.catalogue, item.oid))
    except psycopg.errors.DependentObjectsStillExist as error:
        reason = f"{error.diag.message_primary}: {error.diag.message_detail}".replace("\n", "; ")
        raise DbError(f"{reason}; change or drop the dependent object, then migrate again") from error
    return dropped


@contextmanager
def set_aside(conn: psycopg.Connection[Any], items: list[Found]) -> Iterator[None]:
    """Give objects other names for a while; afterwards everything that was done meanwhile is undone."""
    with conn.transaction(force_rollback=True):
        for item in items:
            _execute_built(conn, RENAME, {"catalogue": item.catalogue, "id": item.oid})
        yield


def _dependents(conn: psycopg.Connection[Any], item: Found) -> list[str]:
    rows = conn.execute(DEPENDENTS, {"catalogue": item.catalogue, "id": item.oid}).fetchall()
    return [f"{FOLDER_OF[kind, schema]}/{name}.sql" for kind, schema, name in rows if (kind, schema) in FOLDER_OF]


def _execute_built(conn: psycopg.Connection[Any], builder: LiteralString, parameters: Any) -> None:
    """Execute the statement that a query of ours builds with ``format()`` from the catalogue."""
    (statement,) = conn.execute(builder, parameters).fetchone() or ("",)
    conn.execute(sql.SQL(statement))
