"""Checks of the roles: present, usable by the owner, limited, and with the privileges that they need."""

from collections.abc import Iterator
from typing import Any

import psycopg

from db.check.finding import Finding, State
from db.install.migrate import UNSET_LIMITS
from db.roles import ETL, READER, READER_LIMITS

Connection = psycopg.Connection[Any]

MIGRATE = "terrakin db migrate"
ME = "SELECT current_user"
ROLES = """
    SELECT w.name, r.oid IS NOT NULL, coalesce(r.rolsuper, false), coalesce(pg_has_role(r.oid, m.privilege), false)
    FROM unnest(%s::text[]) AS w (name)
    LEFT JOIN pg_roles AS r ON r.rolname = w.name
    CROSS JOIN (
        SELECT CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END
    ) AS m (privilege)
    ORDER BY w.name
"""
LACKING = """
    SELECT o.name
    FROM (
        SELECT format('%%I.%%I', n.nspname, c.relname), has_table_privilege(%(role)s, c.oid, 'SELECT')
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('terrakin', 'api') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
        UNION ALL
        SELECT p.oid::regprocedure::text, has_function_privilege(%(role)s, p.oid, 'EXECUTE')
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('api', 'internal', 'tiles')
        UNION ALL
        SELECT 'schema ' || n.nspname, has_schema_privilege(%(role)s, n.oid, 'USAGE')
        FROM pg_namespace AS n
        WHERE n.nspname IN ('terrakin', 'api', 'internal', 'tiles')
    ) AS o (name, is_granted)
    WHERE NOT o.is_granted
    ORDER BY o.name
"""
EXTENSION_SCHEMAS = """
    SELECT DISTINCT quote_ident(n.nspname)
    FROM pg_extension AS e
    JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname IN ('postgis', 'vector') AND NOT has_schema_privilege(%(role)s, n.oid, 'USAGE')
"""
UNWRITABLE = """
    SELECT format('terrakin.%%I', c.relname)
    FROM pg_class AS c
    WHERE c.oid = ANY (ARRAY['terrakin.cities', 'terrakin.tiles', 'terrakin.embedding_keys', 'terrakin.etl_tasks']
        ::regclass[]) AND NOT (
            has_table_privilege(%(role)s, c.oid, 'INSERT') AND has_table_privilege(%(role)s, c.oid, 'UPDATE')
            AND has_table_privilege(%(role)s, c.oid, 'DELETE')
        )
"""
WRITABLE = """
    SELECT format('terrakin.%%I', c.relname)
    FROM pg_class AS c
    WHERE c.relnamespace = 'terrakin'::regnamespace AND c.relkind IN ('r', 'p')
        AND has_table_privilege(%(role)s, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    ORDER BY c.relname
"""
OTHER_OWNERS = """
    SELECT pg_get_userbyid(o.owner), count(*)
    FROM (
        SELECT c.relowner, c.relnamespace FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'v', 'S')
        UNION ALL
        SELECT p.proowner, p.pronamespace FROM pg_proc AS p
        UNION ALL
        SELECT n.nspowner, n.oid FROM pg_namespace AS n
    ) AS o (owner, schema_id)
    JOIN pg_namespace AS n ON n.oid = o.schema_id
    WHERE n.nspname IN ('terrakin', 'api', 'internal', 'tiles') AND NOT pg_has_role(current_user, o.owner, 'USAGE')
    GROUP BY o.owner
"""


def check_roles(conn: Connection) -> Iterator[Finding]:
    """Look at the roles of the server, and at the limits of terrakin_reader."""
    roles = conn.execute(ROLES, ([ETL, READER],)).fetchall()
    faults = [finding for role in roles if (finding := _role(me(conn), *role))]
    limits = conn.execute(UNSET_LIMITS, (list(READER_LIMITS), list(READER_LIMITS.values()))).fetchall()
    if limits and all(is_present for _, is_present, *_ in roles):
        remedy = f"let a superuser run: {'; '.join(statement for (statement,) in limits)}"
        faults.append(Finding(State.WARNING, "roles", f"{READER} lacks limits", remedy))
    yield from faults or [Finding(State.OK, "roles", f"{ETL}, {READER}, both usable by {me(conn)}")]


def _role(user: str, name: str, is_present: bool, is_superuser: bool, is_usable: bool) -> Finding | None:
    if not is_present:
        return Finding(State.FAULT, "roles", f"role {name} does not exist", MIGRATE)
    if is_superuser:
        return Finding(State.FAULT, "roles", f"{name} is a superuser", f"ALTER ROLE {name} NOSUPERUSER, as a superuser")
    if not is_usable:
        remedy = f"{MIGRATE}, or GRANT {name} TO {user}, as a superuser"
        return Finding(State.FAULT, "roles", f"{user} is not a member of {name}", remedy)
    return None


def me(conn: Connection) -> str:
    """Return the role whose privileges count, which may not be that of the login."""
    (name,) = conn.execute(ME).fetchone() or ("",)
    return str(name)


def check_owner(conn: Connection) -> Iterator[Finding]:
    """Look whether the role in DATABASE_URL owns what a migration changes."""
    others = conn.execute(OTHER_OWNERS).fetchall()
    for owner, n in others:
        remedy = f"give {owner} in DATABASE_URL, or let a superuser run: REASSIGN OWNED BY {owner} TO {me(conn)}"
        yield Finding(State.FAULT, "owner", f"{n} objects of terrakin belong to {owner}", remedy)
    if not others:
        yield Finding(State.OK, "owner", f"all objects belong to {me(conn)}")


def check_privileges(conn: Connection) -> Iterator[Finding]:
    """Look whether both roles may do what they need, and terrakin_reader no more."""
    roles = [name for name, is_present, *_ in conn.execute(ROLES, ([ETL, READER],)) if is_present]
    faults = [finding for role in roles for finding in _privileges(conn, role)]
    yield from faults or [Finding(State.OK, "privileges", "as in sql/grants.sql")]


def _privileges(conn: Connection, role: str) -> Iterator[Finding]:
    lacking = _names(conn, LACKING, role)
    if lacking:
        yield Finding(State.FAULT, "privileges", f"{role} may not read or call {shown(lacking)}", MIGRATE)
    for schema in _names(conn, EXTENSION_SCHEMAS, role):
        remedy = f"{MIGRATE}, or GRANT USAGE ON SCHEMA {schema} TO {role}, as a superuser"
        yield Finding(State.FAULT, "privileges", f"{role} may not use schema {schema} of the extensions", remedy)
    unwritable = _names(conn, UNWRITABLE, role) if role == ETL else []
    if unwritable:
        yield Finding(State.FAULT, "privileges", f"{role} may not write {shown(unwritable)}", MIGRATE)
    writable = _names(conn, WRITABLE, role) if role == READER else []
    if writable:
        yield Finding(State.FAULT, "privileges", f"{role} may write {shown(writable)}", MIGRATE)


def _names(conn: Connection, query: Any, role: str) -> list[str]:
    return [name for (name,) in conn.execute(query, {"role": role})]


def shown(names: list[str], at_most: int = 3) -> str:
    """Return the first names, and how many there are besides."""
    rest = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {rest} more" if rest > 0 else "")
