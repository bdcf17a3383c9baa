"""Stage index: the sets of keys that searches read, after everything is loaded."""

import logging
from contextlib import ExitStack

from db.index import build_indexes
from db.settings import Settings
from etl.tasks.job import Bar, BarFactory

log = logging.getLogger(__name__)


def run(settings: Settings, bar: BarFactory) -> None:
    """Refit the sets that gain by it, with one bar for each."""
    log.info("stage=index event=started")
    shown: dict[str, tuple[Bar, int]] = {}
    with ExitStack() as stack:

        def show(name: str, done: int, total: int) -> None:
            counted_bar, counted = shown.get(name) or (stack.enter_context(bar("index", "item", total)), 0)
            counted_bar.update(done - counted)
            shown[name] = counted_bar, done

        built = build_indexes(settings, show)
    log.info("stage=index built=%s", ",".join(built) or "none")
