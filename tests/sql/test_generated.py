"""The files that ``scripts/generate_search.py`` writes from ``sql/search.toml``."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

WITHOUT = {"similar_tiles": ["unit", "max_per_tile"], "similar_blocks": ["unit"]}
"""Searches whose name is their unit."""
SCRIPT = Path(__file__).parents[2] / "scripts" / "generate_search.py"
FIELDS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'internal'::regnamespace AND c.relname = %s
    ORDER BY a.attnum
"""


def test_they_are_up_to_date() -> None:
    run = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_stale_file_is_named(tmp_path: Path) -> None:
    copy = tmp_path / "scripts" / SCRIPT.name
    for folder in ("scripts", "docs", "sql/types", "sql/internal", "sql/functions", "webapp/api/models"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("scripts/generate_search.py", "sql/search.toml", "sql/functions/find.sql", "docs/analyst.md"):
        (tmp_path / name).write_text((SCRIPT.parents[1] / name).read_text())
    subprocess.run([sys.executable, copy], check=True)
    (tmp_path / "sql" / "types" / "match.sql").write_text("stale")
    run = subprocess.run([sys.executable, copy, "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines() == ["sql/types/match.sql is stale: run scripts/generate_search.py"]


@pytest.mark.parametrize(
    "name", ["similar_tiles", "similar_blocks", "similar_at", "similar_to_examples", "similar_to_area"]
)
def test_every_search_takes_all_filters_in_the_same_order(conn: psycopg.Connection, name: str) -> None:
    filters = [row[0] for row in conn.execute(FIELDS, ("search_filters",))]
    (arguments,) = conn.execute(
        "SELECT proargnames[:pronargs] FROM pg_proc WHERE oid = ('api.' || %s)::regproc", (name,)
    ).fetchone()
    without = WITHOUT.get(name, [])
    shared = [f for f in filters if f not in without]
    assert arguments[-len(shared) :] == shared
    assert not set(without) & set(arguments)


def test_the_default_filters_are_those_of_similar_tiles(conn: psycopg.Connection) -> None:
    (filters,) = conn.execute("SELECT to_jsonb(internal.default_filters())").fetchone()
    defaults = {name: value for name, value in filters.items() if value is not None}
    assert defaults == {"k": 20, "unit": "tile", "exclude_within_m": 0, "exclude_same_city": True, "exact": False}


def test_find_takes_the_filters_that_rank_nothing(conn: psycopg.Connection) -> None:
    query = "SELECT proargnames[:pronargs] FROM pg_proc WHERE oid = 'api.find'::regproc"
    (arguments,) = conn.execute(query).fetchone()
    assert arguments[:2] == ["concept", "ordered"]
    filters = [row[0] for row in conn.execute(FIELDS, ("search_filters",))]
    ranking = {"k", "unit", "method", "exclude_within_m", "exclude_same_city", "max_per_tile", "exact"}
    assert arguments[2:] == [f for f in filters if f not in ranking]
