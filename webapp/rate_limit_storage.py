"""How many requests came from where, in the memory of this process: a storage for the package ``limits``."""

import time
from threading import Lock

from limits.storage import Storage

SWEEP_S = 60


class Counts(Storage):
    """Counts by key, each until its window ends.

    The package's own storage in memory starts a thread whenever its last one ended, up to a hundred times a second,
    which was a tenth of a vector tile's time with eight clients.
    """

    STORAGE_SCHEME = None  # made here, never by an address
    base_exceptions = ()

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = Lock()
        self._swept_at = time.time()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count ``amount`` more; the first of a key opens its window of ``expiry`` seconds. Returns the new count."""
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
        """The count of a key's window; 0 where none is open."""
        count, ends_at = self._counts.get(key, (0, 0.0))
        return count if ends_at > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When a key's window ends, in seconds since 1970; now where none is open."""
        return max(time.time(), self._counts.get(key, (0, 0.0))[1])

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget all counts; returns how many there were."""
        with self._lock:
            n, self._counts = len(self._counts), {}
        return n

    def clear(self, key: str) -> None:
        """Forget a key's count."""
        with self._lock:
            self._counts.pop(key, None)
