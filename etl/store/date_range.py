"""A period as PostgreSQL stores it."""

from datetime import timedelta
from typing import Any

from psycopg.types.range import Range

from etl.period import Period


def date_range(period: Period) -> Range[Any]:
    """A period as PostgreSQL's daterange, whose end is not included."""
    return Range(period.start, period.end + timedelta(days=1))
