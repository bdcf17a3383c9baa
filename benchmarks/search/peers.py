"""The peers of the search benchmark by name. Each is built once and asked with several search settings."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.search.engines import Engine
from benchmarks.search.items import Items
from db.settings import Settings

Echo = Callable[[str], None]
MOST_FOR_QDRANT = 500_000
"""Of more items, the graph of qdrant-edge takes more than 45 minutes on two cores: then its search is exact."""


def build_peer(name: str, items: Items, settings: Settings, folder: Path, echo: Echo) -> list[Engine]:
    """Build a peer and return it with each of its search settings; none, with the reason printed, if it is missing."""
    match name:
        case "faiss":
            from benchmarks.search.peer_faiss import build_faiss

            return build_faiss(items)
        case "qdrant":
            from benchmarks.search.peer_qdrant import build_qdrant

            return build_qdrant(items, folder / f"qdrant-{items.unit}", len(items.ids) <= MOST_FOR_QDRANT)
        case "lancedb":
            from benchmarks.search.peer_lancedb import build_lancedb

            return build_lancedb(items, folder / f"lancedb-{items.unit}")
        case _:
            from benchmarks.search.peer_postgres import build_in_postgres

            return build_in_postgres(name, items, settings, echo)
