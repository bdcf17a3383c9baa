"""Reads raster files for odc.stac, and names the file that cannot be read.

GDAL's own errors do not survive the way back from a Dask worker (they cannot be unpickled), and do not name the file.
"""

from typing import Any

import numpy as np
from odc.loader import RasterSource, RioDriver, RioReader
from rasterio.errors import RasterioError

from etl.errors import ImageryError, TransientImageryError

REMOTE = ("http://", "https://", "s3://", "/vsi")


class NamingReader(RioReader):
    """odc.loader's reader, whose errors are ImageryErrors."""

    def read(self, *arguments: Any, **named: Any) -> tuple[tuple[slice, slice], np.ndarray]:
        """As the parent.

        Raises:
            ImageryError: the file is missing, truncated or no raster; TransientImageryError where it lies behind a
                network: GDAL does not tell a missing file from a server that fails.
        """
        try:
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
