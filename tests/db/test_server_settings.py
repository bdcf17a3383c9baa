"""Settings of a role or a database that change how PostgreSQL reads and writes text do not change an answer."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import make_conninfo

from db.backup.content import Content, read_content
from db.connect import connect, known_revisions, open_connection, parse_url
from db.errors import ConnectError
from db.install.apply_sql import find_differences
from db.settings import Settings
from tests.db.databases import run_sql, value
from tests.db.worlds import answers, filled_database
from webapp import create_app
from webapp.database import EXTENSION

SETTINGS = """
    SELECT s.name, s.vartype, s.setting, s.enumvals
    FROM pg_settings AS s
    WHERE s.context IN ('user', 'superuser') AND s.vartype IN ('bool', 'enum', 'string')
        AND (
            s.category LIKE 'Client Connection Defaults / %%'
            OR s.category LIKE 'Version and Platform Compatibility / %%'
        )
        AND s.name NOT LIKE 'transaction\\_%%'
        -- The first makes the server read-only, which is said; the second switches triggers off.
        AND s.name NOT IN ('default_transaction_read_only', 'session_replication_role')
    ORDER BY s.name
"""
MATCHES = """
    SELECT s.*
    FROM (SELECT min(t.tile_id) AS tile_id FROM terrakin.tiles AS t) AS q
    CROSS JOIN LATERAL api.similar_tiles(q.tile_id, k => 3, origin => 'any') AS s
"""
TEXTS = {
    "DateStyle": ["SQL, DMY", "German", "Postgres, MDY"],
    "TimeZone": ["America/St_Johns", "Asia/Kathmandu"],
    "client_encoding": ["LATIN1", "SQL_ASCII"],
    "search_path": ["terrakin", "nowhere", '"$user"'],
    "default_text_search_config": ["simple"],
}
"""Other values of settings that are no switches; the others of this kind name files or tables."""
N_EXAMPLES = 200
PARTS = ("postgresql://", "u", ":", "hemligt", "@", "/", "?", "%", "#", "[", "host=", " ", "'", "\\", "\0", "é", "&")


@pytest.fixture(scope="module")
def filled(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with filled_database(server_home, tmp_path_factory.mktemp("home") / ".terrakin") as filled:
        yield filled


@pytest.fixture(scope="module")
def others(filled: Settings) -> dict[str, list[str]]:
    """The values of each setting that it does not have."""
    with psycopg.connect(str(filled.database_url)) as conn:
        rows = conn.execute(SETTINGS.replace("%%", "%")).fetchall()  # type: ignore[call-overload]
    found: dict[str, list[str]] = {}
    for name, kind, now, choices in rows:
        found[name] = {
            "bool": ["off" if now == "on" else "on"],
            "enum": [choice for choice in choices or [] if choice != now],
            "string": TEXTS.get(name, []),
        }[kind]
    return {name: values for name, values in found.items() if values}


@pytest.fixture(scope="module")
def matches(filled: Settings) -> list[Any]:
    with connect(filled) as conn:
        return conn.execute(MATCHES).fetchall()


def observed(configured: Settings) -> tuple[Any, Content, list[Any], list[bytes]]:
    """Return what must not change: matches, rows of all tables, objects that differ, and answers of the web app."""
    with connect(configured) as conn:
        content = read_content(conn)
        differences = find_differences(conn, known_revisions()[-1])
    app = create_app(configured)
    tile_id = value(configured, "SELECT min(tile_id) FROM terrakin.tiles")
    paths = (
        f"/api/v1/similar?tile_id={tile_id}&k=3",
        f"/tiles/similarity/0/0/0?tile_id={tile_id}",
        "/api/v1/cities?q=ci",
    )
    found = [app.test_client().get(path).data for path in paths]
    app.extensions[EXTENSION].close()
    return answers(configured), content, differences, found


def test_no_setting_of_the_database_changes_an_answer(filled: Settings, others: dict[str, list[str]]) -> None:
    assert {"DateStyle", "standard_conforming_strings", "quote_all_identifiers", "bytea_output"} < others.keys()
    expected = observed(filled)
    assert expected[2] == []
    name = sql.Identifier(str(parse_url(str(filled.database_url))["dbname"]))
    for turn in range(max(map(len, others.values()))):
        chosen = {setting: values[turn % len(values)] for setting, values in others.items()}
        for setting, wanted in chosen.items():
            with psycopg.connect(str(filled.database_url), options="-c client_encoding=UTF8") as conn:
                change = sql.SQL("ALTER DATABASE {} SET {} = {}")
                conn.execute(change.format(name, sql.Identifier(setting), sql.Literal(wanted)))
        try:
            assert observed(filled) == expected
        finally:
            run_sql(filled, f"ALTER DATABASE {name.as_string()} RESET ALL")


@settings(max_examples=N_EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_two_hundred_sessions_with_other_settings(
    filled: Settings, others: dict[str, list[str]], matches: list[Any], data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(others)), min_size=1, max_size=6, unique=True))
    chosen = {name: data.draw(st.sampled_from(others[name])) for name in names}
    options = " ".join(f"-c {name}={re.sub('([ ])', chr(92) + ' ', text)}" for name, text in chosen.items())
    configured = replace(filled, database_url=make_conninfo(str(filled.database_url), options=options))
    with connect(configured) as conn:
        assert conn.execute(MATCHES).fetchall() == matches


def refusal_of(url: str) -> str:
    """Return why an address is refused; empty if it is not."""
    try:
        parse_url(url)
    except ConnectError as error:
        return str(error)
    return ""


@settings(max_examples=N_EXAMPLES)
@given(parts=st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=4)), max_size=9))
def test_two_hundred_addresses_are_read_or_refused_without_their_password(parts: list[str]) -> None:
    refusal = refusal_of("".join(parts))
    assert "hemligt" not in refusal
    assert refusal == "" or "DATABASE_URL" in refusal


@pytest.mark.parametrize(
    "change",
    [{"dbname": "nowhere"}, {"port": "1"}, {"options": "-c nonsense=1"}, {"user": "nobody_here"}, {"host": "/x"}],
)
def test_an_address_that_leads_nowhere_is_refused_in_one_line(filled: Settings, change: dict[str, str]) -> None:
    url = make_conninfo(str(filled.database_url), **{**change, "password": "hemligt"})
    with pytest.raises(ConnectError) as refused:
        open_connection(replace(filled, database_url=url))
    assert "hemligt" not in str(refused.value)
    assert "\n" not in str(refused.value)
