"""Free ports on loopback."""

import socket
from contextlib import ExitStack


def free_ports(n: int) -> list[int]:
    """Return ``n`` different ports that were free at the time of the call."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(n)]
        return [probe.getsockname()[1] for probe in probes]
