"""Reads raster files for odc.stac, and names the file that cannot be read.

GDAL's own errors do not survive the way back from a Dask worker (they cannot be unpickled), and do not name the file.
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
    """odc.loader's reader, whose errors are ImageryErrors, and which asks a server again."""

    def read(self, *arguments: Any, **named: Any) -> tuple[tuple[slice, slice], np.ndarray]:
        """As the parent; a file behind a network is tried again by itself, not with all others of its look.

        Raises:
            ImageryError: the file is missing, truncated or no raster; TransientImageryError where it lies behind a
                network and stayed so: GDAL does not tell a missing file from a server that fails.
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
        # Outside the except clause: else GDAL's error would travel along as this one's context.
        kind = TransientImageryError if self._src.uri.startswith(REMOTE) else ImageryError
        raise kind(f"cannot read {self._src.uri} ({reason}); is the file missing or truncated?")


class NamingDriver(RioDriver):
    """odc.loader's rasterio driver with readers that name their file."""

    def open(self, src: RasterSource, ctx: Any) -> NamingReader:
        """A reader of one file."""
        return NamingReader(src, ctx)
