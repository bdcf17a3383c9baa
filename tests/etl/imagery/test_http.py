"""A catalogue over HTTP whose server fails, hangs and truncates answers: the tables equal those of a clean run."""

import re
from collections.abc import Callable

import psycopg

from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue
from tests.etl.conftest import PERIOD, CommandLine
from tests.etl.tables import tables
from tests.file_server import FAULTS, Behaviour, served

MADE_FROM = re.compile(r"'made_from': '[0-9a-f]{64}'")
"""The address of the catalogue is part of the fingerprint of a composite, and so of all that is made from it."""


def test_tables_do_not_change_when_one_request_in_ten_fails(
    database: Settings,
    tiny_demo: DemoCatalogue,
    undisturbed: dict[str, list[str]],
    command_line: Callable[..., CommandLine],
) -> None:
    behaviour = Behaviour(fault_share=0.1)
    terrakin = command_line(database.home, database.database_url)
    terrakin.environment["TERRAKIN_HTTP_TIMEOUT_S"] = "2"
    with served(tiny_demo.catalogue.parent, behaviour) as url:
        done = terrakin(
            "etl", "run", "--stac", f"{url}/catalog.json", "--cities", str(tiny_demo.cities), "--period", PERIOD,
            "--encoder", "mosaiks",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    print(dict(behaviour.answered))
    assert set(behaviour.answered) == {"whole", *FAULTS}
    assert sum(behaviour.answered[kind] for kind in FAULTS) > 20
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        got = tables(conn)
    for name, rows in undisturbed.items():
        assert [MADE_FROM.sub("", row) for row in got[name]] == [MADE_FROM.sub("", row) for row in rows], name
