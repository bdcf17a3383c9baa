"""Stage index: the sets of keys that searches read, after everything is loaded."""

import logging

from db.index import build_indexes
from db.settings import Settings
from etl.tasks.job import BarFactory, bars_of

log = logging.getLogger(__name__)


def run(settings: Settings, bar: BarFactory) -> None:
    """Refit the sets that gain by it, with one bar for each."""
    log.info("stage=index event=started")
    with bars_of("index", "item", bar) as show:
        built = build_indexes(settings, show)
    log.info("stage=index built=%s", ",".join(built) or "none")
