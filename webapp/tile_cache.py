"""What the tile route keeps in memory for a minute, as Martin does: tiles and each source's TileJSON."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

from cachetools import TTLCache
from flask import current_app

from webapp.database import Row

EXTENSION = "terrakin_tiles"
LIFETIME_S = 60
LARGEST_BYTES = 64_000_000
"""Of one worker process. A row that is no tile counts as 4 kB, so that empty ones do not pile up either."""
SMALLEST_BYTES = 4_000


class TileCache:
    """Rows by key, forgotten after a minute. An error is never kept; two threads may compute the same row once each."""

    def __init__(self) -> None:
        self._rows: TTLCache[Hashable, Row] = TTLCache(LARGEST_BYTES, LIFETIME_S, getsizeof=_size)
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], Row]) -> Row:
        """The kept row of a key, or what ``compute`` makes."""
        with self._lock:
            found = self._rows.get(key)
        if found is None:
            found = compute()
            with self._lock:
                self._rows[key] = found
        return found


def tile_cache() -> TileCache:
    """The cache of the app that handles the current request."""
    found: TileCache = current_app.extensions[EXTENSION]
    return found


def _size(row: dict[str, Any]) -> int:
    return SMALLEST_BYTES + len(row.get("mvt") or b"")
