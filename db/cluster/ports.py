"""The TCP port of a private cluster: the one of its last start if possible."""

import json
import logging
import socket

from db.cluster.paths import ClusterPaths
from db.errors import ClusterError
from db.settings import LAST_PORT, first_port

log = logging.getLogger(__name__)

N_PORTS = 60


def ports() -> range:
    """Return the ports that a cluster may take."""
    first = first_port()
    return range(first, min(first + N_PORTS, LAST_PORT + 1))


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
    """Return the remembered port if it is free, else the first free one of ``ports()``.

    Raises:
        ClusterError: none is free.
        SettingsError: TERRAKIN_FIRST_PORT is not a port.
    """
    if remembered is not None and is_free(remembered):
        return remembered
    choice = ports()
    for port in choice:
        if is_free(port):
            if remembered is not None:
                log.warning("event=port_taken port=%d action=other_port_chosen new_port=%d", remembered, port)
            return port
    raise ClusterError(
        f"no free port from {choice.start} to {choice.stop - 1} on 127.0.0.1; stop a program that listens there, "
        "or set TERRAKIN_FIRST_PORT"
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
