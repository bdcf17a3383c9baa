"""Import rules that import-linter (pyproject.toml) cannot express."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
OURS = {"benchmarks", "db", "etl", "terrakin", "tests", "webapp"}
MAY_CONTAIN_SQL = ("etl/sets/", "etl/store/", "etl/tasks/")
SQL_STARTS = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "COPY ", "SET ")
SQL_CALLS = {"execute", "executemany"}
HEAVY = {
    "dask",
    "distributed",
    "flask",
    "numpy",
    "odc",
    "psycopg",
    "rasterio",
    "sklearn",
    "sqlalchemy",
    "torch",
    "umap",
    "xarray",
}
HELP = """
import sys, terrakin
try: terrakin.cli(sys.argv[1:])
except SystemExit: pass
print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)
"""

DEFAULT_PATH = """
import sys
import etl.embed_chip, etl.pipeline, etl.reprocess, etl.cli, etl.demo.catalogue, etl.evaluation.run, webapp.app
import db.cli, db.index, etl.encoders.galileo, etl.encoders.mosaiks, distributed, onnxruntime, umap
print(*sorted({name.split('.')[0] for name in sys.modules}))
"""


def trees(folder: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        yield str(path.relative_to(REPOSITORY)), ast.parse(path.read_text())


def imported(tree: ast.AST) -> set[str]:
    """Top-level names of all imported modules."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def sql_in(tree: ast.AST) -> set[str]:
    """SQL statements in string constants, and calls that execute one."""
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    calls = [n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return {s for s in strings if s.lstrip().startswith(SQL_STARTS)} | {name for name in calls if name in SQL_CALLS}


def test_in_etl_only_sets_store_and_tasks_contain_sql() -> None:
    found = {name: sql_in(tree) for name, tree in trees("etl") if not name.startswith(MAY_CONTAIN_SQL)}
    assert len(found) > 30
    assert {name: sql for name, sql in found.items() if sql} == {}


def test_a_revision_imports_nothing_of_ours() -> None:
    found = {name: imported(tree) & OURS for name, tree in trees("db/migrations/versions")}
    assert found
    assert {name: modules for name, modules in found.items() if modules} == {}


def test_help_loads_nothing_heavy() -> None:
    for arguments in ([], ["bench"], ["db"], ["etl"], ["evaluate"], ["qgis"], ["sets"], ["web"]):
        answer = subprocess.run(
            [sys.executable, "-c", HELP, *arguments, "--help"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Usage:" in answer.stdout
        assert set(answer.stderr.split()) & HEAVY == set(), arguments


def test_the_default_path_loads_neither_torch_nor_terratorch() -> None:
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DEFAULT_PATH], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"distributed", "onnxruntime", "umap"} <= set(loaded)
    assert {"torch", "terratorch"} & set(loaded) == set()
