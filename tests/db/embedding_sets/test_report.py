"""When a set of keys is refitted."""

from dataclasses import replace

import pytest

from db.embedding_sets.report import FULL_KEYS_UP_TO, HEAD, SetReport, wanted_lists

WELL = SetReport(1, "tile", "mean", 40_000, wanted_lists("tile", 40_000), 100, 0.99, is_fitted=True, is_outdated=False)


def test_a_set_in_balance_is_left_alone() -> None:
    assert WELL.reason_to_refit() is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_fitted": False, "n_lists": 1, "n_largest": 40_000}, "never fitted"),
        ({"is_outdated": True}, "post-processing has changed"),
        ({"n_lists": wanted_lists("tile", 40_000) // 4 - 1}, "too few lists"),
        ({"n_largest": 9 * 40_000 // wanted_lists("tile", 40_000)}, "a list is too large"),
    ],
)
def test_a_set_is_refitted_with_a_reason(change: dict[str, int], reason: str) -> None:
    changed = replace(WELL, **change)  # type: ignore[arg-type]
    assert changed.reason_to_refit() == reason
    assert replace(changed, n_items=FULL_KEYS_UP_TO["tile"], n_largest=1000).reason_to_refit() is None


@pytest.mark.parametrize("unit", ["tile", "block"])
def test_the_number_of_lists_grows_with_the_root_of_the_items(unit: str) -> None:
    assert wanted_lists(unit, FULL_KEYS_UP_TO[unit]) == 1
    assert wanted_lists(unit, 4_000_000) == 10 * wanted_lists(unit, 40_000)


def test_a_line_has_the_columns_of_the_head() -> None:
    empty = replace(WELL, n_items=0, n_lists=1, n_largest=0)
    assert [len(report.line()) for report in (WELL, empty)] == [len(HEAD)] * 2
    assert empty.line().split() == ["tile", "mean", "0", "1", "1.0", "99.0%"]
