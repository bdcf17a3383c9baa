"""The local Dask cluster starts on a machine where other programs run, and an absent scheduler is reported."""

import socket
from contextlib import suppress

import psutil
import pytest

from etl.errors import SchedulerError
from etl.imagery.dask_cluster import DaskOptions, local_cluster, open_cluster

DASK_PORT = 8787


@pytest.mark.filterwarnings("error")  # Dask warns when it takes another port
@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_local_cluster_starts_while_dasks_port_is_taken(n_workers: int) -> None:
    with socket.socket() as taken:
        with suppress(OSError):  # another program has the port already, which is just as good
            taken.bind(("127.0.0.1", DASK_PORT))
            taken.listen()
        before = listening()
        with local_cluster(n_workers):
            opened = listening() - before

    assert opened
    assert {host for host, _ in opened} == {"127.0.0.1"}  # not reachable from other machines
    assert DASK_PORT not in {port for _, port in opened}


def listening() -> set[tuple[str, int]]:
    """Return the addresses at which this process and its children listen."""
    this = psutil.Process()
    found = [c for process in (this, *this.children(recursive=True)) for c in process.net_connections("inet")]
    return {(c.laddr.ip, c.laddr.port) for c in found if c.status == psutil.CONN_LISTEN}


def test_an_absent_scheduler_is_reported_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str, timeout: str) -> None:
        raise OSError(f"timed out after {timeout}")

    monkeypatch.setattr("etl.imagery.dask_cluster.client_class", lambda: refuse)
    with pytest.raises(SchedulerError, match=r"tcp://127\.0\.0\.1:1; .*--dask-scheduler"):
        open_cluster(DaskOptions("tcp://127.0.0.1:1"))
