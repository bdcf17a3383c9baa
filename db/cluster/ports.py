"""The TCP port of a private cluster: the one of its last start if possible."""

import json
import logging
import socket

from db.cluster.paths import ClusterPaths
from db.errors import ClusterError

log = logging.getLogger(__name__)

PORTS = range(5440, 5500)


def remembered_port(paths: ClusterPaths) -> int | None:
    """Return the port of the last start; None if there was none or its file is damaged."""
    try:
        return int(json.loads(paths.port_file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def remember_port(paths: ClusterPaths, port: int) -> None:
    """Write the port file, whole or not at all."""
    temporary = paths.port_file.with_suffix(".new")
    temporary.write_text(json.dumps(port))
    temporary.rename(paths.port_file)


def choose_port(remembered: int | None) -> int:
    """Return the remembered port if it is free, else the first free one of ``PORTS``.

    Raises:
        ClusterError: none is free.
    """
    if remembered is not None and is_free(remembered):
        return remembered
    for port in PORTS:
        if is_free(port):
            if remembered is not None:
                log.warning("event=port_taken port=%d action=other_port_chosen new_port=%d", remembered, port)
            return port
    raise ClusterError(
        f"no free port from {PORTS.start} to {PORTS.stop - 1} on 127.0.0.1; stop a program that listens there"
    )


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True
