"""The peers of the search benchmark by name. Each is built once and asked with several search settings."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.search.engines import Engine
from benchmarks.search.items import Items
from benchmarks.search.limited import BuildError, NotBuiltError
from db.settings import Settings

Echo = Callable[[str], None]


@dataclass(frozen=True)
class Build:
    """Where and how long peers may build.

    Attributes:
        settings: of the database with the tables of terrakin.
        folder: for the files of in-process peers.
        limit_s: time limit of one index.
        has_vectorchord: whether the database has the objects of VectorChord.
    """

    settings: Settings
    folder: Path
    limit_s: float
    has_vectorchord: bool = False


def build_peer(name: str, items: Items, build: Build, echo: Echo) -> list[Engine]:
    """Build a peer and return it with each of its search settings; none, with the reason printed, if there is none."""
    try:
        return _build(name, items, build, echo)
    except NotBuiltError:
        echo(f"{name} skipped: not built in {build.limit_s / 60:g} min")
    except BuildError as error:
        echo(f"{name} skipped: {error}")
    return []


def _build(name: str, items: Items, build: Build, echo: Echo) -> list[Engine]:
    folder = build.folder / f"{name}-{items.unit}"
    match name:
        case "faiss":
            from benchmarks.search.peer_faiss import build_faiss

            return build_faiss(items, folder, build.limit_s)
        case "qdrant":
            from benchmarks.search.peer_qdrant import build_qdrant

            return build_qdrant(items, folder, build.limit_s, echo)
        case "lancedb":
            from benchmarks.search.peer_lancedb import build_lancedb

            return build_lancedb(items, folder, build.limit_s)
        case _:
            from benchmarks.search.peer_postgres import build_in_postgres

            return build_in_postgres(name, items, build, echo)
