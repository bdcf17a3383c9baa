"""The state of all sets of keys, and whether a refit would help."""

import math
from dataclasses import dataclass
from typing import Any

import psycopg

from db.embedding_sets.tile_keys import METHODS

FULL_KEYS_UP_TO = {"tile": 4_000, "block": 20_000}
"""Up to this size a set has one list and whole vectors as keys, and a search compares all of them."""
LISTS_PER_ROOT = 5.3
"""Lists of a set of n items: this times sqrt(n), 8,200 for 2.4 million blocks and 1,170 for 48,881 tiles
(docs/performance.md)."""
TOO_FEW, TOO_LARGE = 4, 8
"""A quarter of the lists that a set of its size should have, or a list of eight times the mean, make searches slow."""

HEAD = f"{'set':<16}{'items':>11}{'lists':>8}{'largest/mean':>14}{'kept':>8}"
REPORT = """
    WITH lists AS MATERIALIZED (
        SELECT e.set_id, e.list_id, count(*) AS n_items FROM terrakin.embedding_keys AS e GROUP BY e.set_id, e.list_id
    )
    SELECT s.set_id, s.unit, s.method, coalesce(k.n_items, 0),
        (SELECT count(*) FROM terrakin.embedding_lists AS l WHERE l.set_id = s.set_id AND l.parent_id IS NOT NULL),
        coalesce(k.largest, 0), s.kept_share, s.fitted_at IS NOT NULL,
        s.unit IN ('tile', 'block')
            AND s.post_processing_version IS DISTINCT FROM internal.current_post_processing_version()
    FROM terrakin.embedding_sets AS s
    LEFT JOIN (
        SELECT i.set_id, sum(i.n_items)::bigint AS n_items, max(i.n_items) AS largest FROM lists AS i GROUP BY i.set_id
    ) AS k ON k.set_id = s.set_id
    WHERE s.is_current
    ORDER BY array_position('{tile,block}', s.unit), s.unit, array_position(%s, s.method)
"""


@dataclass(frozen=True)
class SetReport:
    """A current set of keys.

    Attributes:
        set_id: its key in terrakin.embedding_sets.
        unit: tile, block, or the name of an imported set.
        method: aggregation of the patches.
        n_items: number of keys.
        n_lists: number of lists, without their parents.
        n_largest: number of keys in the largest list.
        kept_share: share (0..1) of the squared length of the vectors that the keys keep.
        is_fitted: whether components and lists were ever fitted.
        is_outdated: whether the post-processing has changed since.
    """

    set_id: int
    unit: str
    method: str
    n_items: int
    n_lists: int
    n_largest: int
    kept_share: float
    is_fitted: bool
    is_outdated: bool

    @property
    def name(self) -> str:
        """Unit and method, as people read them."""
        return f"{self.unit} {self.method}"

    @property
    def imbalance(self) -> float:
        """Size of the largest list divided by the mean size."""
        return self.n_largest * self.n_lists / self.n_items if self.n_items else 1.0

    def reason_to_refit(self) -> str | None:
        """Return why searches of this set would gain by a refit; None if they would not."""
        if self.n_items <= full_keys_up_to(self.unit):
            return None
        if not self.is_fitted:
            return "never fitted"
        if self.is_outdated:
            return "post-processing has changed"
        if self.n_lists < wanted_lists(self.unit, self.n_items) / TOO_FEW:
            return "too few lists"
        return "a list is too large" if self.imbalance > TOO_LARGE else None

    def line(self) -> str:
        """Return the columns of HEAD."""
        return f"{self.name:<16}{self.n_items:>11,}{self.n_lists:>8,}{self.imbalance:>14.1f}{self.kept_share:>8.1%}"


def read_reports(conn: psycopg.Connection[Any]) -> list[SetReport]:
    """Return the state of all current sets: tiles, blocks, imported ones."""
    return [SetReport(*row) for row in conn.execute(REPORT, (list(METHODS),))]


def full_keys_up_to(unit: str) -> int:
    """Return the largest number of items of a unit whose keys are compared without lists; imported ones as tiles."""
    return FULL_KEYS_UP_TO.get(unit, FULL_KEYS_UP_TO["tile"])


def wanted_lists(unit: str, n_items: int) -> int:
    """Return the number of lists that a set of so many items should have."""
    return 1 if n_items <= full_keys_up_to(unit) else round(LISTS_PER_ROOT * math.sqrt(n_items))
