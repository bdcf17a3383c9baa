"""A period as PostgreSQL stores it."""

from datetime import timedelta
from typing import Any

import psycopg
from psycopg.types.range import Range

from etl.encoders.encoder import NOMINAL_MONTH
from etl.period import Period

NEWEST = "SELECT period FROM terrakin.composites ORDER BY upper(period) DESC, lower(period) DESC LIMIT 1"


def date_range(period: Period) -> Range[Any]:
    """Return a period as a daterange, whose end is excluded."""
    return Range(period.start, period.end + timedelta(days=1))


def period_of(days: Range[Any]) -> Period:
    """Return a bounded daterange as a period."""
    assert days.lower is not None
    assert days.upper is not None
    return Period(days.lower, days.upper - timedelta(days=1))


def newest_month(conn: psycopg.Connection[Any]) -> int:
    """Return the month of the newest composites, 1 to 12; NOMINAL_MONTH if there are none."""
    row = conn.execute(NEWEST).fetchone()
    return NOMINAL_MONTH if row is None else period_of(row[0]).month
