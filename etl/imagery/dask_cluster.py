"""The Dask cluster that reads and composites imagery: workers on this machine, or a running scheduler."""

import logging
from dataclasses import dataclass
from typing import Any

from etl.errors import SchedulerError

WITHOUT_PROFILE = {"distributed.worker.profile.enabled": False}
"""The profiler calls sys._current_frames() every 10 ms. A garbage collection in that call while another thread starts
deadlocks the worker (CPython issue 106883; seen with 3.11.7 in 2 of about 60 runs)."""
ANY_FREE_PORT = "127.0.0.1:0"
"""Even without a dashboard, the scheduler and a worker in this process serve their health over HTTP: by default on port
8787, which another Dask cluster on the machine may use already, and at all addresses of the machine."""


@dataclass(frozen=True)
class DaskOptions:
    """Where imagery is computed.

    Attributes:
        scheduler: ``tcp://host:port`` of a running Dask scheduler; None starts a local cluster.
        n_workers: processes of the local cluster; a single worker is a thread of this process.
    """

    scheduler: str | None = None
    n_workers: int = 2


def open_cluster(options: DaskOptions) -> list[Any]:
    """Start a local cluster, or connect to a running scheduler, and make it the current one.

    Returns:
        The client, and the cluster if one was started; the caller closes them in this order.

    Raises:
        SchedulerError: the scheduler does not answer.
    """
    client = client_class()
    if not options.scheduler:
        cluster = local_cluster(options.n_workers)
        return [client(cluster), cluster]
    try:
        return [client(options.scheduler, timeout="10s")]
    except OSError as error:
        raise SchedulerError(
            f"no Dask scheduler answers at {options.scheduler}; start it, or leave --dask-scheduler out"
        ) from error


def client_class() -> Any:
    """Return ``distributed.Client``."""
    return _distributed().Client


def local_cluster(n_workers: int) -> Any:
    """Start a ``distributed.LocalCluster`` of processes with one thread each; the caller closes it.

    A single worker is a thread of this process: another process takes seconds to start, and has to send what it reads.
    """
    import dask

    distributed = _distributed()
    has_processes = n_workers > 1
    with dask.config.set(WITHOUT_PROFILE):  # each worker's nanny takes a copy
        # Workers log the traceback of a failed task, but the city that failed reports its error.
        return distributed.LocalCluster(
            n_workers=n_workers,
            processes=has_processes,
            threads_per_worker=1,
            memory_limit="auto" if has_processes else 0,  # a thread would pause for the memory of the whole process
            dashboard_address=None,
            worker_dashboard_address=ANY_FREE_PORT,
            scheduler_kwargs={"dashboard_address": ANY_FREE_PORT},
            silence_logs=logging.CRITICAL,
        )


def _distributed() -> Any:
    """Import ``distributed`` and limit its logging, which is verbose by default, to errors."""
    import distributed

    logging.getLogger("distributed").setLevel(logging.ERROR)
    return distributed
