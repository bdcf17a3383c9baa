"""``terrakin db check`` finds faults, names a remedy, and finds nothing after the remedy; answers are as before."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db.check import Finding, State, check
from db.embedding_sets import report
from db.index import build_indexes
from db.install.migrate import migrate
from db.settings import Settings
from tests.conftest import cloned_database
from tests.db.databases import run_sql
from tests.db.worlds import answers, filled_database

ALL_FAULTS = tomllib.loads(Path(__file__).with_name("faults.toml").read_text())
FAULTS = {name: fault for name, fault in ALL_FAULTS.items() if "is_lost" not in fault}
LOST = {name: fault for name, fault in ALL_FAULTS.items() if "is_lost" in fault}


@pytest.fixture(scope="module")
def template(server_home: Path) -> Iterator[str]:
    """The name of a filled database that no connection uses."""
    with filled_database(server_home, server_home, with_lists=False) as settings:
        yield str(conninfo_to_dict(str(settings.database_url))["dbname"])


@pytest.fixture
def filled(server_home: Path, template: str) -> Iterator[Settings]:
    with cloned_database(server_home, template) as url:
        yield Settings(server_home, database_url=url)


def found(settings: Settings) -> list[Finding]:
    """Return the warnings and faults, without those of the server's pgvector and of the tests' settings."""
    return [
        finding
        for finding in check(settings)
        if finding.state in (State.WARNING, State.FAULT) and finding.subject not in ("extensions", "settings")
    ]


def follow(remedy: str, settings: Settings) -> None:
    """Do what a remedy says."""
    if remedy == "terrakin db migrate":
        migrate(settings)
    elif remedy.startswith("terrakin db index"):
        build_indexes(settings, with_repair="--repair" in remedy)
    else:
        run_sql(settings, re.sub(r"^let a superuser run: |, as the owner.*$", "", remedy))


def assert_found(faults: dict[str, Any], findings: list[Finding]) -> None:
    for name, fault in faults.items():
        texts = [finding.text for finding in findings if finding.subject == fault["subject"]]
        assert any(re.search(fault["text"], text) for text in texts), f"{name}: {texts}"


def test_a_good_database_has_no_fault(filled: Settings) -> None:
    assert found(filled) == []
    subjects = {finding.subject for finding in check(filled)}
    assert subjects >= {"PostgreSQL", "encoding", "disk", "replication", "roles", "owner", "objects", "tables", "keys"}


def test_all_faults_are_found_and_their_remedies_restore_the_answers(filled: Settings) -> None:
    before = answers(filled)
    run_sql(filled, *(fault["sql"] for fault in FAULTS.values()))
    findings = found(filled)
    assert_found(FAULTS, findings)
    for remedy in dict.fromkeys(finding.remedy for finding in findings):
        follow(remedy, filled)
    assert [f.text for f in found(filled)] == ["1 were replaced and still take space"]
    follow("terrakin db index", filled)
    assert found(filled) == []
    assert answers(filled) == before


def test_what_only_a_backup_brings_back_is_named(filled: Settings) -> None:
    run_sql(filled, *(fault["sql"] for fault in LOST.values()))
    findings = [f for f in found(filled) if "from a backup" in f.remedy]
    assert_found(LOST, findings)


def test_lists_out_of_balance_are_found(filled: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(report.FULL_KEYS_UP_TO, "tile", 5)
    (finding,) = found(filled)
    assert finding.state == State.WARNING
    assert "tile mean (never fitted)" in finding.text
    follow(finding.remedy, filled)
    assert [f.text for f in found(filled)] == ["7 were replaced and still take space"]


def test_a_server_restored_without_the_roles_is_mended_by_migrate(filled: Settings) -> None:
    before = answers(filled)
    run_sql(filled, "ALTER ROLE terrakin_reader RENAME TO set_aside")
    try:
        assert "role terrakin_reader does not exist" in {f.text for f in found(filled)}
        migrate(filled)
        assert found(filled) == []
        assert answers(filled) == before
    finally:
        run_sql(
            filled, "DROP OWNED BY terrakin_reader", "DROP ROLE terrakin_reader",
            "ALTER ROLE set_aside RENAME TO terrakin_reader",
        )  # fmt: skip


def test_an_owner_who_is_no_superuser_learns_whose_objects_he_cannot_change(filled: Settings) -> None:
    run_sql(filled, "CREATE ROLE plain_owner NOSUPERUSER", "ALTER FUNCTION api.stats OWNER TO terrakin_etl")
    try:
        run_sql(
            filled, "GRANT ALL ON SCHEMA terrakin, api, internal, tiles TO plain_owner",
            "GRANT SELECT ON ALL TABLES IN SCHEMA terrakin TO plain_owner",
        )  # fmt: skip
        url = make_conninfo(str(filled.database_url), options="-c role=plain_owner")
        findings = list(check(replace(filled, database_url=url)))
        assert "1 objects of terrakin belong to terrakin_etl" in {f.text for f in findings}
        hidden = {f.subject for f in findings if f.state == State.HIDDEN}
        assert hidden >= {"disk", "replication"}
    finally:
        run_sql(filled, "DROP OWNED BY plain_owner", "DROP ROLE plain_owner")


def test_a_database_of_another_version_is_named(filled: Settings, blank_database: Settings) -> None:
    run_sql(filled, "UPDATE terrakin.alembic_version SET version_num = '0001'")
    assert found(filled)[0].text.endswith("run `terrakin db migrate` (as the user that owns the database)")
    run_sql(filled, "UPDATE terrakin.alembic_version SET version_num = '9999'")
    assert found(filled)[0].text.endswith("update terrakin")
    assert any("no terrakin schema" in f.text for f in found(blank_database))


def test_the_command_prints_a_screen_and_exits_with_1_for_a_fault(filled: Settings, tmp_path: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        environment = {"DATABASE_URL": str(filled.database_url), "TERRAKIN_HOME": str(tmp_path)}
        command = [sys.executable, "-m", "terrakin", "db", "check"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    good = run()
    assert good.returncode == 0, good.stderr
    assert len(good.stdout.splitlines()) < 30
    assert good.stderr.startswith("0 faults")
    run_sql(filled, "DROP FUNCTION api.tile_at")
    bad = run()
    assert bad.returncode == 1
    assert "-> terrakin db migrate" in bad.stdout
