"""Who imports whom: the folders' borders, and what only one module may touch (docs/developer.md)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
OURS = {"benchmarks", "db", "etl", "webapp", "terrakin", "tests"}
MAY_IMPORT = {"db": {"db"}, "etl": {"etl", "db"}, "webapp": {"webapp", "db"}}

ONLY_IN = {
    "torch": {"etl/encoders/terramind.py", "etl/encoders/onnx_export.py"},
    "torchvision": {"etl/encoders/terramind.py"},
    "terratorch": {"etl/encoders/terramind.py"},
    "onnxruntime": {"etl/encoders/terramind_onnx.py", "etl/encoders/onnx_export.py"},
    "flask": {"webapp/"},
    "apiflask": {"webapp/"},
    "alembic": {"db/"},
    "sqlalchemy": {"db/"},
    # What reaches the network: the imagery, published weights, and the web server's look at itself.
    "pystac_client": {"etl/imagery/catalogue.py", "etl/imagery/pixels.py"},
    "odc.stac": {"etl/imagery/pixels.py"},
    "planetary_computer": {"etl/imagery/pixels.py"},
    "requests": {"etl/imagery/catalogue.py", "etl/imagery/pixels.py"},
    "urllib.request": {
        "etl/imagery/catalogue.py",
        "etl/imagery/pixels.py",
        "etl/encoders/terramind.py",
        "webapp/server.py",
    },
    "httpx": set(),
    "aiohttp": set(),
}
SPEAKS_SQL = {"execute", "executemany"}
MAY_SPEAK_SQL = {
    "etl/store/tiles.py",
    "etl/store/encoder.py",
    "etl/store/layout.py",
    "etl/store/thumbnails.py",
    "etl/tasks/ledger.py",
    "etl/tasks/locks.py",
    "etl/tasks/progress.py",
}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
HEAVY = {
    "numpy",
    "torch",
    "dask",
    "distributed",
    "umap",
    "sklearn",
    "xarray",
    "odc",
    "rasterio",
    "flask",
    "psycopg",
    "sqlalchemy",
}


def sources() -> list[Path]:
    """All Python files of the program itself."""
    found = [REPOSITORY / "terrakin.py"]
    for folder in MAY_IMPORT:
        found += [p for p in (REPOSITORY / folder).rglob("*.py") if "node_modules" not in p.parts]
    return found


SOURCES = sources()
IDS = [str(path.relative_to(REPOSITORY)) for path in SOURCES]


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of all modules that a file imports, wherever in it; of ``from a import b`` both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_borders_hold(path: Path) -> None:
    name = str(path.relative_to(REPOSITORY))
    tree = ast.parse(path.read_text())
    modules = set(imported(tree))
    package = name.split("/")[0]
    allowed = MAY_IMPORT.get(package, OURS - {"tests", "benchmarks"})
    assert {m for m in modules if m.split(".")[0] in OURS - allowed} == set(), "imports across a border"
    for library, owners in ONLY_IN.items():
        if not any(name.startswith(owner) for owner in owners):
            assert {m for m in modules if is_within(m, library)} == set(), f"{library} belongs to {owners or 'nobody'}"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    if path == REPOSITORY / "db" / "settings.py":
        return
    tree = ast.parse(path.read_text())
    read = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert read & {f"os.{name}" for name in ENVIRONMENT} == set()
    assert {m for m in imported(tree) if m in {f"os.{name}" for name in ENVIRONMENT}} == set()


@pytest.mark.parametrize("path", [p for p in SOURCES if p.is_relative_to(REPOSITORY / "etl")], ids=str)
def test_in_the_etl_only_store_and_ledger_speak_sql(path: Path) -> None:
    if str(path.relative_to(REPOSITORY)) in MAY_SPEAK_SQL:
        return
    tree = ast.parse(path.read_text())
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert [
        s for s in strings if s.lstrip().startswith(("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "COPY ", "SET "))
    ] == []
    called = [n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    assert {name for name in called if name in SPEAKS_SQL} == set()


def test_a_revision_imports_nothing_of_ours() -> None:
    for path in (REPOSITORY / "db" / "migrations" / "versions").glob("*.py"):
        assert {m.split(".")[0] for m in imported(ast.parse(path.read_text()))} & OURS == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["db", "--help"], ["etl", "--help"], ["evaluate", "--help"], ["web", "--help"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys, terrakin\n"
        "try: terrakin.cli(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert "Usage:" in answer.stdout
    assert set(answer.stderr.split()) & HEAVY == set()
