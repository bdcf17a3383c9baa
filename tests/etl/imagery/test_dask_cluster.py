import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from etl.imagery.dask_cluster import local_cluster

DASK_PORT = 8787


@pytest.mark.filterwarnings("error")  # Dask warns when it has to take another port
def test_starts_while_another_program_has_the_port_of_dask() -> None:
    with socket.socket() as taken:
        with suppress(OSError):  # somebody has it already, which is as good
            taken.bind(("127.0.0.1", DASK_PORT))
            taken.listen()
        with local_cluster(1) as cluster:
            health_page = urlsplit(cluster.dashboard_link)

    assert health_page.hostname == "127.0.0.1"  # nobody else's business
    assert health_page.port != DASK_PORT
