"""Uploaded chips: embedded by ``terrakin etl embed-chip`` in a process of its own, with limits.

The web app knows no encoder and decodes no image: whatever a stranger's file does, it does to that process.
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
"""As `terrakin etl embed-chip` has it: a chip holds 1.2 MB of pixels."""
AT_ONCE = 2
"""Chips that are embedded at the same time, over all workers of this machine."""
TIMEOUT_S = 120
"""TerraMind takes about 10 s to load."""
LIMITS = {
    resource.RLIMIT_AS: 8 * 2**30,  # torch maps several GiB that it never touches
    resource.RLIMIT_CPU: TIMEOUT_S,
    resource.RLIMIT_FSIZE: 64 * 2**20,
}
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of TIFF and BigTIFF, in either byte order. Another file is refused before a process is started for it."""
EXIT_BAD_CHIP = 65
"""What embed-chip ends with when the file is at fault, and nothing else."""


def embed(settings: Settings, upload: FileStorage) -> dict[str, Any]:
    """What embed-chip prints: vectors by method, valid_share, lon, lat, and which encoder.

    Raises:
        BadChipError: the file is no chip; the text is the command's.
        EncoderMissingError: the database's encoder is not on this machine, or takes too long.
        BusyError: as many chips as allowed are being embedded.
    """
    with _turn(settings.home), tempfile.TemporaryDirectory(prefix="terrakin-chip-") as folder:
        path = Path(folder) / "chip.tif"
        upload.save(path)
        with path.open("rb") as file:
            if file.read(len(TIFF[0])) not in TIFF:
                raise BadChipError("the file is no TIFF; a chip is a GeoTIFF of 12 bands, as /api/docs says")
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
        raise EncoderMissingError("the database's encoder does not run on this machine; the server's log says why")
    answer: dict[str, Any] = json.loads(out)
    return answer


@contextmanager
def _turn(home: Path) -> Iterator[None]:
    """One of AT_ONCE turns, as a locked file, so that it counts over all workers and ends with its process."""
    home.mkdir(parents=True, exist_ok=True)
    for number in range(AT_ONCE):
        with (home / f"chip-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return
    raise BusyError(f"{AT_ONCE} chips are being embedded already; try again in a moment")
