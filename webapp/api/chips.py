"""Embed uploaded chips with ``terrakin etl embed-chip``, in a child process with resource limits.

The web app has no encoder and decodes no image: a malicious file can harm only the child process.
"""

import fcntl
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

from db.settings import Settings, environment
from webapp.errors import BadChipError, BusyError, EncoderMissingError

log = logging.getLogger(__name__)

MAX_CHIP_BYTES = 16 * 2**20
"""The limit of `terrakin etl embed-chip`; the pixels of a chip take 1.2 MB."""
MAX_PROCESSES = 2
"""Chips that are embedded at the same time, counted over all workers of this machine."""
TIMEOUT_S = 120
"""TerraMind takes about 10 s to load."""
LIMITS = {
    resource.RLIMIT_AS: 8 * 2**30,  # torch maps several GiB that it never uses
    resource.RLIMIT_CPU: TIMEOUT_S,
    resource.RLIMIT_FSIZE: 64 * 2**20,
}
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of TIFF and BigTIFF, in either byte order. Other files are rejected without starting a process."""
EXIT_BAD_CHIP = 65
"""Exit code of embed-chip if the file is invalid, and for no other error."""


def embed(settings: Settings, upload: FileStorage) -> dict[str, Any]:
    """Return the output of embed-chip: vectors by method, valid_share, lon, lat, encoder and weights.

    Raises:
        BadChipError: the file is not a valid chip; the text is that of the command.
        EncoderMissingError: the encoder of the database is not on this machine, or takes too long.
        BusyError: MAX_PROCESSES chips are being embedded already.
    """
    with _slot(settings.home), tempfile.TemporaryDirectory(prefix="terrakin-chip-") as folder:
        path = Path(folder) / "chip.tif"
        upload.save(path)
        with path.open("rb") as file:
            if file.read(len(TIFF[0])) not in TIFF:
                raise BadChipError(
                    "the file is not a TIFF; a chip is a GeoTIFF with 12 bands (10 for galileo_nano), see /api/docs"
                )
        return _run(settings, path)


def _run(settings: Settings, path: Path) -> dict[str, Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "terrakin", "etl", "embed-chip", str(path)],
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for kind, limit in LIMITS.items():
        resource.prlimit(process.pid, kind, (limit, limit))
    try:
        out, err = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        log.warning("event=chip_timeout seconds=%d", TIMEOUT_S)
        raise EncoderMissingError(f"the chip was not embedded within {TIMEOUT_S} s; try again later") from error
    reason = (err.strip().splitlines() or [f"exit code {process.returncode}"])[-1].removeprefix("terrakin: error: ")
    if process.returncode == EXIT_BAD_CHIP:
        raise BadChipError(reason.replace(str(path), "the file"))
    if process.returncode != 0:
        log.error("event=chip_failed code=%d error=%s", process.returncode, reason)
        raise EncoderMissingError("the encoder of the database does not run on this machine; see the server's log")
    answer: dict[str, Any] = json.loads(out)
    return answer


@contextmanager
def _slot(home: Path) -> Iterator[None]:
    """Hold one of MAX_PROCESSES slots: a locked file, which counts over all workers and is freed with its process."""
    home.mkdir(parents=True, exist_ok=True)
    for number in range(MAX_PROCESSES):
        with (home / f"chip-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return
    raise BusyError(f"{MAX_PROCESSES} chips are being embedded already; try again in a moment")
