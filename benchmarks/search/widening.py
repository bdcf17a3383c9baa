"""One match per tile or city from an engine that cannot group: fetch more until enough are left."""

from collections.abc import Callable

import numpy as np

from benchmarks.search.items import Items
from benchmarks.search.questions import Question, capped

MOST = 10_000


def ask_widening(fetch: Callable[[int], list[int]], items: Items, question: Question) -> list[int]:
    """Return the first k rows that `capped` leaves of the best n, with n growing until there are k."""
    n = question.k if items.unit == "tile" and not question.max_per_city else 3 * question.k
    while True:
        rows = fetch(n)
        answer = capped(items, np.array(rows, int), question)
        if len(answer) == question.k or len(rows) < n or n >= MOST:
            return answer
        n = min(4 * n, MOST)
