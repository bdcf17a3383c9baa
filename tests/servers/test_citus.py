"""With keys distributed over two workers, the coordinator gives the answers of one node, and takes the same loads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from db.backup import backup, restore
from db.check import check
from db.check.finding import State
from db.citus import is_distributed
from db.concepts.store import current_set, learn, save
from db.connect import connect
from db.errors import DbError
from db.index import build_indexes
from db.install.distribute import distribute
from db.install.migrate import migrate
from db.install.reset import reset
from db.settings import Settings
from etl.demo.catalogue import build_catalogue
from etl.demo.towns import TINY_TOWNS
from tests.builders.lists import split_into_lists
from tests.builders.towns import build_towns
from tests.etl.conftest import N_DAYS, make_command_line, run_arguments
from tests.etl.tables import tables
from tests.servers.citus import Nodes, find_citus, running_nodes
from tests.servers.questions import questions, sql_answers, web_answers

ARCHIVE = find_citus()
pytestmark = pytest.mark.skipif(
    ARCHIVE is None, reason="no Citus for PostgreSQL 15: set CITUS to an archive of it (docs/scale-out.md)"
)

CHANGE_TILE = "UPDATE terrakin.tiles SET valid_share = valid_share / 2 WHERE tile_id = %s"
CHANGE_COUNTRY = "UPDATE terrakin.countries SET continent = 'Antarctica' WHERE code = 'JP'"
SOME_BLOCKS = """
    SELECT n.block_id FROM (SELECT block_id, row_number() OVER (ORDER BY block_id) AS n FROM api.block_overview) AS n
    WHERE n.n % 23 = 0 ORDER BY n.n
"""
DELETE_ROW = SQL("DELETE FROM {} WHERE tile_id = %s")
COUNT_KEYS = "SELECT count(*) FROM terrakin.embedding_keys"
PLACEMENTS = "SELECT nodeport, count(*) FROM citus_shards WHERE table_name::text LIKE '%embedding_keys%' GROUP BY 1"


@dataclass(frozen=True)
class Distributed:
    """The coordinator after its keys were distributed, and the answers that it gave as one node."""

    nodes: Nodes
    paths: list[str]
    web: list[tuple[int, bytes]]
    sql: dict[str, list[str]]

    @property
    def settings(self) -> Settings:
        return self.nodes.coordinator


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    assert ARCHIVE
    with running_nodes(ARCHIVE) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def distributed(nodes: Nodes) -> Distributed:
    """Five towns, loaded before their keys were distributed."""
    settings = nodes.coordinator
    migrate(settings)
    with connect(settings) as conn:
        build_towns(conn)
        save_concept(conn)
    paths = questions(settings)
    before = Distributed(nodes, paths, web_answers(settings, paths), sql_answers(settings))
    distribute(settings)
    return before


def save_concept(conn: psycopg.Connection[Any]) -> None:
    """Save the concept "mixed", learned from every 23rd block."""
    ids = [int(block_id) for (block_id,) in conn.execute(SOME_BLOCKS)]
    concept = learn(conn, "block", current_set(conn, "block", None), ids[:6], ids[6:], seed=1)
    save(conn, "mixed", concept, is_replacing=False)
    conn.commit()


def count_keys(settings: Settings) -> int:
    with psycopg.connect(str(settings.database_url)) as conn:
        (n,) = conn.execute(COUNT_KEYS).fetchone() or (0,)
        return int(n)


def one_node(settings: Settings) -> str:
    """Return the URL of a new database on the coordinator, without Citus."""
    with psycopg.connect(str(settings.database_url), autocommit=True) as conn:
        conn.execute("CREATE DATABASE one_node TEMPLATE template0")
    url = make_conninfo(str(settings.database_url), dbname="one_node")
    with psycopg.connect(url) as conn:
        conn.execute("CREATE EXTENSION postgis; CREATE EXTENSION vector")
    return url


def test_a_database_without_citus_is_refused(database: Settings) -> None:
    with pytest.raises(DbError, match="CREATE EXTENSION citus"):
        distribute(database)


def test_both_workers_hold_keys(distributed: Distributed) -> None:
    with psycopg.connect(str(distributed.settings.database_url)) as conn:
        assert {port for port, _ in conn.execute(PLACEMENTS)} == set(distributed.nodes.worker_ports)


def test_the_answers_are_those_of_one_node(distributed: Distributed) -> None:
    assert web_answers(distributed.settings, distributed.paths) == distributed.web
    found = sql_answers(distributed.settings)
    for question, rows in distributed.sql.items():
        assert found[question] == rows, question
    assert sum(status == 200 for status, _ in distributed.web) > 30


def test_lists_are_read_in_rounds_until_enough_keys_are_compared(distributed: Distributed) -> None:
    query = """
        SELECT s.rank, s.block_id, s.similarity, s.compared
        FROM unnest(internal.block_ids((SELECT min(block_id >> 6) FROM api.block_overview))) AS b(block_id)
        CROSS JOIN LATERAL api.similar_blocks(b.block_id, k => 3, origin => 'any', exact => %s) AS s
        ORDER BY b.block_id, s.rank
    """
    with connect(distributed.settings) as conn:
        exact = conn.execute(query, (True,)).fetchall()
        split_into_lists(conn, n_lists=200, max_compared=1_000_000)
        all_lists = conn.execute(query, (False,)).fetchall()
        conn.execute("UPDATE terrakin.embedding_sets SET max_compared = 120")
        some_lists = conn.execute(query, (False,)).fetchall()
        conn.rollback()
    assert all_lists == exact
    for (_, _, similarity, n_compared), (_, _, best, n_keys) in zip(some_lists, exact, strict=True):
        assert 60 <= n_compared < n_keys
        assert similarity <= best


def test_a_check_finds_no_fault_and_a_second_distribution_nothing_to_do(distributed: Distributed) -> None:
    assert distribute(distributed.settings) == []
    assert not [finding for finding in check(distributed.settings) if finding.state is State.FAULT]


def test_a_parallel_plan_does_not_search_in_its_workers(distributed: Distributed) -> None:
    with psycopg.connect(str(distributed.settings.database_url)) as conn:
        for name in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
            conn.execute(f"SET {name} = 0")  # type: ignore[call-overload]
        row = conn.execute(
            "SELECT count(*) FROM terrakin.tiles AS t, api.similar_tiles(t.tile_id, k => 2, origin => 'any')"
        )
        assert (row.fetchone() or (0,))[0] == 90


def test_a_refit_leaves_the_answers_of_an_exact_search(distributed: Distributed) -> None:
    before = sql_answers(distributed.settings)
    assert "block mean" in build_indexes(distributed.settings, with_refit=True)
    assert build_indexes(distributed.settings) == []
    after = sql_answers(distributed.settings)
    assert list(after.values()) == list(before.values())


def test_keys_follow_changes_of_tiles_and_countries(distributed: Distributed) -> None:
    with connect(distributed.settings) as conn:
        (tile_id,) = conn.execute("SELECT min(tile_id) FROM terrakin.tiles").fetchone() or (0,)
        (before,) = conn.execute(COUNT_KEYS).fetchone() or (0,)
        conn.execute(CHANGE_TILE, (tile_id,))
        (after,) = conn.execute(COUNT_KEYS).fetchone() or (0,)
        assert 1 <= before - after <= 2 + 49
        conn.execute(CHANGE_COUNTRY)
        conn.commit()
    assert build_indexes(distributed.settings)
    assert not [finding for finding in check(distributed.settings) if finding.subject == "keys" and finding.remedy]


def test_stale_keys_are_repaired(distributed: Distributed) -> None:
    n_keys = count_keys(distributed.settings)
    with connect(distributed.settings) as conn:
        conn.execute("UPDATE terrakin.embedding_keys SET city_id = -99 WHERE item_id % 2 = 0")
        conn.execute("SET LOCAL session_replication_role = replica")
        (tile_id,) = conn.execute("SELECT min(tile_id) FROM terrakin.tiles").fetchone() or (0,)
        for table in ("tile_thumbnails", "tile_aggregates", "tiles"):
            conn.execute(DELETE_ROW.format(Identifier("terrakin", table)), (tile_id,))
    build_indexes(distributed.settings, with_repair=True)
    assert not [finding for finding in check(distributed.settings) if finding.subject == "keys" and finding.remedy]
    assert count_keys(distributed.settings) < n_keys


def test_objects_that_are_lost_come_back(distributed: Distributed) -> None:
    with psycopg.connect(str(distributed.settings.database_url)) as conn:
        conn.execute("DROP FUNCTION internal.compared_keys")
    assert "internal/compared_keys.sql" in {change.name for change in migrate(distributed.settings)}
    assert sql_answers(distributed.settings)


def test_a_backup_is_restored_on_one_node(distributed: Distributed, tmp_path: Path) -> None:
    made = backup(distributed.settings, tmp_path / "backup")
    url = one_node(distributed.settings)
    restored = restore(Settings(tmp_path, database_url=url), tmp_path / "backup")
    assert restored.content == made.content
    with psycopg.connect(url) as conn:
        assert not is_distributed(conn)
        assert conn.execute(COUNT_KEYS).fetchone() == (count_keys(distributed.settings),)


def test_loads_leave_the_tables_of_one_node(
    nodes: Nodes, distributed: Distributed, database: Settings, tmp_path: Path
) -> None:
    """Keys of an empty database are distributed, then the demo is loaded; loading it again changes nothing."""
    demo = build_catalogue(tmp_path / "tiny", TINY_TOWNS, N_DAYS)
    reset(nodes.coordinator)
    distribute(nodes.coordinator)
    found = []
    for settings in (database, nodes.coordinator):
        run = make_command_line(tmp_path / str(len(found)), settings.database_url)
        for _ in range(2):
            done = run(*run_arguments(demo))
            assert done.returncode == 0, done.stderr
        with psycopg.connect(str(settings.database_url)) as conn:
            found.append(tables(conn))
    for name, rows in found[0].items():
        assert found[1][name] == rows, name
