"""A period as PostgreSQL stores it."""

from datetime import timedelta
from typing import Any

from psycopg.types.range import Range

from etl.period import Period


def date_range(period: Period) -> Range[Any]:
    """Return a period as a daterange, whose end is excluded."""
    return Range(period.start, period.end + timedelta(days=1))


def period_of(days: Range[Any]) -> Period:
    """Return a bounded daterange as a period."""
    assert days.lower is not None
    assert days.upper is not None
    return Period(days.lower, days.upper - timedelta(days=1))
