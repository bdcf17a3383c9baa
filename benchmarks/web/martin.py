"""A running Martin with the configuration in ``webapp/martin.yaml``, for benchmarks and tests."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "webapp" / "martin.yaml"
START_TIMEOUT_S = 30


def find_martin() -> Path | None:
    """Return the program that the environment variable MARTIN names, else one beside the repository; None: neither."""
    program = Path(os.environ.get("MARTIN") or ROOT.parent / "shared" / "bin" / "martin")
    return program if program.exists() else None


@contextmanager
def running_martin(program: Path, database_url: str, log: Path, prefix: str = "") -> Iterator[str]:
    """Run Martin as the reader; yield its address, to which ``/tiles`` is added.

    Raises:
        RuntimeError: it does not start; the message is its log.
    """
    port = free_port()
    environment = {
        "MARTIN_DATABASE_URL": make_conninfo(database_url, user="terrakin_reader"),
        "MARTIN_LISTEN": f"127.0.0.1:{port}",
        "TERRAKIN_PREFIX": prefix,
    }
    address = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        process = subprocess.Popen(
            [program, "--config", CONFIGURATION], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(f"{address}/tiles/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Martin does not start: {log.read_text()}")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """Return a port that no program listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.URLError:
        return False
