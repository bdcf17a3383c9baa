"""Dask workers on this machine."""

import logging
from typing import Any

WITHOUT_PROFILE = {"distributed.worker.profile.enabled": False}
"""The profiler calls sys._current_frames() every 10 ms. A garbage collection in there while another thread starts locks
the worker up for good (CPython issue 106883; seen with 3.11.7 in 2 of about 60 runs)."""
ANY_FREE_PORT = {"dashboard_address": "127.0.0.1:0"}
"""Without a dashboard the scheduler still serves its health over HTTP, on port 8787 unless told: a second ETL process
on the machine, or anyone's Dask, would have it already."""


def client_class() -> Any:
    """``distributed.Client``."""
    return _distributed().Client


def local_cluster(n_workers: int) -> Any:
    """A ``distributed.LocalCluster`` of processes with one thread each; the caller closes it."""
    import dask

    distributed = _distributed()
    with dask.config.set(WITHOUT_PROFILE):  # each worker's nanny takes a copy
        # Workers log the traceback of a failed task; its error is reported by the city that failed.
        return distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            dashboard_address=None,
            scheduler_kwargs=ANY_FREE_PORT,
            silence_logs=logging.CRITICAL,
        )


def _distributed() -> Any:
    """The package, which logs every step once it is imported, told to log errors alone."""
    import distributed

    logging.getLogger("distributed").setLevel(logging.ERROR)
    return distributed
