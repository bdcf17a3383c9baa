"""Fingerprints of inputs, and how a run with failed cities ends."""

from datetime import date

import pytest

from etl.errors import FailedCitiesError
from etl.tasks.job import fingerprint, raise_for


def test_a_fingerprint_depends_on_values_not_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [2.5, date(2024, 6, 1)]}) == fingerprint({"b": [2.5, date(2024, 6, 1)], "a": 1})
    assert fingerprint("a", "b") != fingerprint("b", "a")


def test_failed_cities_end_a_run_with_the_first_reason_and_their_number() -> None:
    raise_for([], 3)
    with pytest.raises(FailedCitiesError, match=r"2 of 3 .*Lisbon: cloudy .*1 more"):
        raise_for(["Lisbon: cloudy", "Santos: cloudy"], 3)
