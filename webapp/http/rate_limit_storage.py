"""In-memory storage of request counts for the package ``limits``, one per process."""

import time
from threading import Lock

from limits.storage import Storage

SWEEP_S = 60


class InMemoryStorage(Storage):
    """Counts by key, each until its window ends.

    ``limits.storage.MemoryStorage`` starts a new thread whenever its last one has ended, up to a hundred times per
    second; that took a tenth of the time of a vector tile with eight clients.
    """

    STORAGE_SCHEME = None  # never made from a URL
    base_exceptions = ()

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = Lock()
        self._swept_at = time.time()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` and return the new count. The first call for a key opens a window of ``expiry`` seconds."""
        now = time.time()
        with self._lock:
            if now - self._swept_at > SWEEP_S:
                self._counts = {other: found for other, found in self._counts.items() if found[1] > now}
                self._swept_at = now
            count, ends_at = self._counts.get(key, (0, 0.0))
            if ends_at <= now:
                count, ends_at = 0, now + expiry
            self._counts[key] = count + amount, ends_at
        return count + amount

    def get(self, key: str) -> int:
        """Return the count of a key's window; 0 if none is open."""
        count, ends_at = self._counts.get(key, (0, 0.0))
        return count if ends_at > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return when a key's window ends, in seconds since 1970; the current time if none is open."""
        return max(time.time(), self._counts.get(key, (0, 0.0))[1])

    def check(self) -> bool:
        """Return True: memory is always available."""
        return True

    def reset(self) -> int:
        """Delete all counts and return how many there were."""
        with self._lock:
            n, self._counts = len(self._counts), {}
        return n

    def clear(self, key: str) -> None:
        """Delete the count of a key."""
        with self._lock:
            self._counts.pop(key, None)
