"""A running Caddy."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

CADDY = Path(sys.executable).parent / "caddy"
START_TIMEOUT_S = 30


@contextmanager
def running_caddy(home: Path, configuration: str, ports: set[int], **environment: str) -> Iterator[None]:
    """Run Caddy with a Caddyfile, its files in ``home``, until the end of the block; it listens on these ports."""
    config, log = home / "Caddyfile", home / "log"
    config.write_text(configuration)
    with log.open("w") as output:
        process = subprocess.Popen(
            [CADDY, "run", "--adapter", "caddyfile", "--config", config],
            env={"HOME": str(home), "PATH": os.environ["PATH"], **environment},
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ports <= {c.laddr.port for c in psutil.Process(process.pid).net_connections()}:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)
