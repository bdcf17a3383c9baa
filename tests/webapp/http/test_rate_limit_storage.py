import time

import pytest

from webapp.http.rate_limit_storage import InMemoryStorage


def test_a_key_is_counted_until_its_window_ends() -> None:
    storage = InMemoryStorage()
    assert [storage.incr("a", 60), storage.incr("a", 60, 3), storage.incr("b", 60)] == [1, 4, 1]
    assert storage.get("a") == 4
    assert 59 < storage.get_expiry("a") - time.time() <= 60


def test_a_new_window_starts_after_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, now = InMemoryStorage(), time.time()
    storage.incr("a", 30)
    monkeypatch.setattr("webapp.http.rate_limit_storage.time.time", lambda: now + 31)
    assert storage.get("a") == 0
    assert storage.incr("a", 60) == 1


def test_ended_windows_use_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = InMemoryStorage()
    for address in range(1000):
        storage.incr(str(address), 30)
    now = time.time()
    monkeypatch.setattr("webapp.http.rate_limit_storage.time.time", lambda: now + 61)
    storage.incr("one more", 30)
    assert storage.reset() == 1


def test_cleared_keys_start_again() -> None:
    storage = InMemoryStorage()
    storage.incr("a", 60)
    storage.incr("b", 60)
    storage.clear("a")
    assert [storage.get("a"), storage.get("b"), storage.check()] == [0, 1, True]
    assert storage.reset() == 1
    assert storage.get("b") == 0
