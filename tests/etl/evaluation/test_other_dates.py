"""Splitting scenes by date."""

from datetime import UTC, date, datetime

import numpy as np
import pystac

from etl.evaluation.other_dates import split
from etl.imagery.quality import OffsetDecision
from etl.imagery.selection import Scene


def make_scene(day: date) -> Scene:
    item = pystac.Item(day.isoformat(), None, None, datetime(day.year, day.month, day.day, 10, tzinfo=UTC), {})
    return Scene(
        item, OffsetDecision(0, 0, None), np.ones((1, 1), bool), np.ones((1, 1), bool), np.zeros((1, 1), bool), None
    )


def test_scenes_are_split_by_day_into_two_halves() -> None:
    halves = split([make_scene(date(2024, 6, day)) for day in (1, 1, 6, 11, 16, 21)], lon=0)
    assert halves
    assert [[s.item.id[-2:] for s in half] for half in halves] == [["01", "01", "06"], ["11", "16", "21"]]


def test_scenes_of_one_day_are_not_split() -> None:
    assert split([make_scene(date(2024, 6, 1)), make_scene(date(2024, 6, 1))], lon=0) is None
