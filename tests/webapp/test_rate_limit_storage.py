"""Counting requests in memory for the rate limits."""

import time

import pytest

from webapp.rate_limit_storage import Counts


def test_a_key_is_counted_until_its_window_ends() -> None:
    counts = Counts()
    assert [counts.incr("a", 60), counts.incr("a", 60, 3), counts.incr("b", 60)] == [1, 4, 1]
    assert counts.get("a") == 4
    assert 59 < counts.get_expiry("a") - time.time() <= 60
    assert counts.incr("short", 0.05) == 1  # type: ignore[arg-type]  # nobody waits a second
    time.sleep(0.1)
    assert counts.get("short") == 0
    assert counts.incr("short", 60) == 1


def test_ended_windows_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts()
    for address in range(1000):
        counts.incr(str(address), 30)
    now = time.time()
    monkeypatch.setattr("webapp.rate_limit_storage.time.time", lambda: now + 61)
    counts.incr("one more", 30)
    assert counts.reset() == 1


def test_what_is_forgotten_starts_again() -> None:
    counts = Counts()
    counts.incr("a", 60)
    counts.incr("b", 60)
    counts.clear("a")
    assert [counts.get("a"), counts.get("b"), counts.check()] == [0, 1, True]
    assert counts.reset() == 1
    assert counts.get("b") == 0
