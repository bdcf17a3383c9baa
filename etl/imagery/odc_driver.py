"""A raster driver for odc.stac whose errors name the file and survive the way back from a Dask worker.

GDAL's own errors do neither: they cannot be unpickled.
"""

import logging
import re
from contextlib import nullcontext
from typing import Any

import numpy as np
import rasterio
from odc.loader import RasterSource, RioDriver, RioReader
from rasterio.errors import RasterioError

from etl.addresses import without_secrets
from etl.errors import EtlError, StoppingError, UnreadableFileError
from etl.imagery.http import NOT_CACHED, retry_on

log = logging.getLogger(__name__)
# Its lines repeat the errors below with the whole address, password and signature included.
logging.getLogger("odc.loader").setLevel(logging.CRITICAL)

REMOTE = ("http://", "https://", "s3://", "/vsi")
STATUS = re.compile(r"HTTP (?:response|error) code ?: ?(\d{3})")
DENIED, GONE = (401, 403), (404, 410)
AWAY = re.compile(r"resolve host|connect|timed? ?out|SSL|recv failure|empty reply", re.IGNORECASE)
"""What libcurl writes where no answer came."""


class TransientError(Exception):
    """A remote file cannot be read at the moment; another attempt may succeed."""


class NamingReader(RioReader):
    """The reader of odc.loader with retries for remote files, whose errors name the file."""

    def read(self, *arguments: Any, **named: Any) -> tuple[tuple[slice, slice], np.ndarray]:
        """Read as the parent does; a remote file is retried alone, not with all files of its observation.

        Raises:
            UnreadableFileError: the file is missing, truncated or not a raster, or access to it is denied.
            StoppingError: no answer comes from its host, after all attempts.
        """
        n_tried = 0

        @retry_on(TransientError, log=log)
        def read() -> tuple[tuple[slice, slice], np.ndarray]:
            nonlocal n_tried
            n_tried += 1
            return self._read_once(n_tried > 1, arguments, named)

        try:
            return read()
        except TransientError as error:
            reason = str(error)
        raise explain_unread(self._src.uri, reason)

    def _read_once(
        self, is_again: bool, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[slice, slice], np.ndarray]:
        try:
            with rasterio.Env(**NOT_CACHED) if is_again else nullcontext():
                return super().read(*arguments, **named)
        except RasterioError as error:
            reason = " ".join(str(error.__cause__ or error).split())
        # Raised outside the except clause, so that GDAL's error does not become the context of this one.
        is_final = _status(reason) in (*DENIED, *GONE) or not self._src.uri.startswith(REMOTE)
        raise explain_unread(self._src.uri, reason) if is_final else TransientError(reason)


def explain_unread(uri: str, reason: str) -> EtlError:
    """Return the error to raise for a file that GDAL cannot read.

    Args:
        uri: path or URL of the file.
        reason: GDAL's message.

    Returns:
        StoppingError if no answer came from the host, else UnreadableFileError.
    """
    is_remote, status = uri.startswith(REMOTE), _status(reason)
    if is_remote and status is None and AWAY.search(reason):
        return StoppingError(f"cannot read {uri} ({reason}); is the host up, and is this machine online?")
    hint = "is the file missing or truncated?" if status not in DENIED else "check the credentials, or --sign"
    error = UnreadableFileError(f"cannot read {uri} ({reason}); {hint}")
    error.address, error.is_denied = without_secrets(uri), status in DENIED
    return error


def _status(reason: str) -> int | None:
    """Return the HTTP status that GDAL's message names, if any."""
    found = STATUS.search(reason)
    return int(found[1]) if found else None


class NamingDriver(RioDriver):
    """The rasterio driver of odc.loader with NamingReader as its reader."""

    def open(self, src: RasterSource, ctx: Any) -> NamingReader:
        """Return a reader for one file."""
        return NamingReader(src, ctx)
