"""In-memory cache of map tiles and TileJSON, kept for a minute as Martin does."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

from cachetools import TTLCache
from flask import current_app

from webapp.database import Row

EXTENSION = "terrakin_vector_tiles"
LIFETIME_S = 60
MAX_BYTES = 64_000_000
"""Per worker process."""
MIN_ROW_BYTES = 4_000
"""Added to the size of every row, so that empty tiles do not pile up either."""


class TileCache:
    """Rows by key, for a minute. Errors are not kept; two threads may each compute the same row."""

    def __init__(self) -> None:
        self._rows: TTLCache[Hashable, Row] = TTLCache(MAX_BYTES, LIFETIME_S, getsizeof=_size)
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], Row]) -> Row:
        """Return the cached row of a key, or compute and keep it."""
        with self._lock:
            found = self._rows.get(key)
        if found is None:
            found = compute()
            with self._lock:
                self._rows[key] = found
        return found


def tile_cache() -> TileCache:
    """Return the cache of the app that handles the current request."""
    found: TileCache = current_app.extensions[EXTENSION]
    return found


def _size(row: dict[str, Any]) -> int:
    return MIN_ROW_BYTES + sum(len(value) for value in row.values() if isinstance(value, bytes))
