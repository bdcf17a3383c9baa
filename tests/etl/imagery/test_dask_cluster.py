"""The local Dask cluster starts on a machine where other programs run, and an absent scheduler is reported."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from etl.errors import SchedulerError
from etl.imagery.dask_cluster import DaskOptions, local_cluster, open_cluster

DASK_PORT = 8787


@pytest.mark.filterwarnings("error")  # Dask warns when it takes another port
def test_a_local_cluster_starts_while_dasks_port_is_taken() -> None:
    with socket.socket() as taken:
        with suppress(OSError):  # another program has the port already, which is just as good
            taken.bind(("127.0.0.1", DASK_PORT))
            taken.listen()
        with local_cluster(1) as cluster:
            health_page = urlsplit(cluster.dashboard_link)

    assert health_page.hostname == "127.0.0.1"  # not reachable from other machines
    assert health_page.port != DASK_PORT


def test_an_absent_scheduler_is_reported_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str, timeout: str) -> None:
        raise OSError(f"timed out after {timeout}")

    monkeypatch.setattr("etl.imagery.dask_cluster.client_class", lambda: refuse)
    with pytest.raises(SchedulerError, match=r"tcp://127\.0\.0\.1:1; .*--dask-scheduler"):
        open_cluster(DaskOptions("tcp://127.0.0.1:1"))
