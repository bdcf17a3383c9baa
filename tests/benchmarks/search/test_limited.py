import signal
import time

import pytest

from benchmarks.search.limited import BuildError, NotBuiltError, build_within


def test_the_result_of_a_build_is_returned() -> None:
    assert build_within(60, divmod, 7, 2) == (3, 1)


def test_a_build_is_stopped_at_the_limit() -> None:
    started = time.monotonic()
    with pytest.raises(NotBuiltError):
        build_within(0.1, time.sleep, 300)
    assert time.monotonic() - started < 150


def test_an_error_in_the_build_does_not_wait_for_the_limit() -> None:
    with pytest.raises(BuildError, match="exit code 1"):
        build_within(300, divmod, 7, 0)


def test_a_killed_build_is_reported_with_its_signal() -> None:
    with pytest.raises(BuildError, match="exit code -9"):
        build_within(300, signal.raise_signal, signal.SIGKILL)
