"""Finds out whether a database is as this version of terrakin needs it, and what to do where it is not."""

from db.check.finding import Finding, State
from db.check.run import check

__all__ = ["Finding", "State", "check"]
