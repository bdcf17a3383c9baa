"""A raster driver for odc.stac whose errors name the file and survive the way back from a Dask worker.

GDAL's own errors do neither: they cannot be unpickled.
"""

import logging
from contextlib import nullcontext
from typing import Any

import numpy as np
import rasterio
from odc.loader import RasterSource, RioDriver, RioReader
from rasterio.errors import RasterioError

from etl.errors import ImageryError, TransientImageryError
from etl.imagery.http import NOT_CACHED, retry_on

log = logging.getLogger(__name__)

REMOTE = ("http://", "https://", "s3://", "/vsi")


class NamingReader(RioReader):
    """The reader of odc.loader with retries for remote files, raising ImageryError."""

    def read(self, *arguments: Any, **named: Any) -> tuple[tuple[slice, slice], np.ndarray]:
        """Read as the parent does; a remote file is retried alone, not with all files of its observation.

        Raises:
            ImageryError: a local file is missing, truncated or not a raster.
            TransientImageryError: the same for a remote file after all attempts; GDAL does not distinguish a missing
                file from a failing server.
        """
        n_tried = 0

        @retry_on(TransientImageryError, log=log)
        def read() -> tuple[tuple[slice, slice], np.ndarray]:
            nonlocal n_tried
            n_tried += 1
            return self._read_once(n_tried > 1, arguments, named)

        return read()

    def _read_once(
        self, is_again: bool, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[slice, slice], np.ndarray]:
        try:
            with rasterio.Env(**NOT_CACHED) if is_again else nullcontext():
                return super().read(*arguments, **named)
        except RasterioError as error:
            reason = " ".join(str(error.__cause__ or error).split())
        # Raised outside the except clause, so that GDAL's error does not become the context of this one.
        kind = TransientImageryError if self._src.uri.startswith(REMOTE) else ImageryError
        raise kind(f"cannot read {self._src.uri} ({reason}); is the file missing or truncated?")


class NamingDriver(RioDriver):
    """The rasterio driver of odc.loader with NamingReader as its reader."""

    def open(self, src: RasterSource, ctx: Any) -> NamingReader:
        """Return a reader for one file."""
        return NamingReader(src, ctx)
