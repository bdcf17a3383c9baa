"""The period of a composite."""

from datetime import date

import pytest

from etl.period import Period


def test_a_period_is_parsed() -> None:
    assert Period.parse("2024-06-01/2024-08-31") == Period(date(2024, 6, 1), date(2024, 8, 31))


@pytest.mark.parametrize("text", ["2024-06-01", "2024-06-31/2024-07-01", "2024-06-02/2024-06-01", ""])
def test_a_text_that_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)):
        Period.parse(text)


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
