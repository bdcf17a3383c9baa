"""The period of a composite."""

from datetime import date

import pytest

from etl.period import Period


@pytest.mark.parametrize(
    ("start", "end", "month"),
    [
        (date(2024, 6, 1), date(2024, 8, 31), 7),
        (date(2023, 12, 1), date(2024, 2, 29), 1),
        (date(2024, 5, 20), date(2024, 5, 20), 5),
    ],
)
def test_the_month_is_that_of_the_day_in_the_middle(start: date, end: date, month: int) -> None:
    assert Period(start, end).month == month
