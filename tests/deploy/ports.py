"""Ports of loopback that nobody listens on."""

import socket
from contextlib import ExitStack


def free_ports(n: int) -> list[int]:
    """Different ports; they are free when this returns, which is all that can be said."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(n)]
        return [probe.getsockname()[1] for probe in probes]
