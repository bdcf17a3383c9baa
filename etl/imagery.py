"""Reads pixels of scenes, resampled to a geobox, over a network that fails now and then."""

import importlib.util
import logging
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import odc.stac
import pystac
import requests
import tenacity
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning

from etl.errors import CatalogueError, ImageryError, TransientImageryError
from etl.items import NODATA, TO_BE_SIGNED
from etl.readers import NamingDriver

log = logging.getLogger(__name__)

READ_THREADS = 8
"""Files of one look that are read at a time: over a network the reads mostly wait."""
ATTEMPTS, FIRST_WAIT_S, LONGEST_WAIT_S = 6, 0.5, 20
GDAL_OPTIONS: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no listing of the folder for every file
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": 60,
    "GDAL_HTTP_LOW_SPEED_TIME": 10,  # a server that hangs is given up after so many seconds ...
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1000,  # ... below so many bytes a second
    "GDAL_HTTP_MAX_RETRY": 4,
    "GDAL_HTTP_RETRY_DELAY": 0.5,
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": 32_768,  # a COG's header in one request
    "VSI_CACHE": True,
}
NOT_CACHED: dict[str, Any] = {"CPL_VSIL_CURL_NON_CACHED": "/vsicurl/"}
"""From the second attempt on: what was cut short lies in GDAL's cache, and would be read again from there."""
CONFIGURATION = {
    "*": {
        "assets": {
            "*": {"data_type": "uint16", "nodata": NODATA},
            "scl": {"data_type": "uint8", "nodata": NODATA},
            "SCL": {"data_type": "uint8", "nodata": NODATA},
        }
    }
}
"""For catalogues that do not say it (Planetary Computer has no raster:bands)."""

# rasterio 1.4's reproject makes such a dataset itself; here, so that Dask's workers are spared it too.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)


def read_bands(items: Sequence[pystac.Item], keys: Sequence[str], geobox: GeoBox, resampling: str) -> np.ndarray:
    """Assets of items of one day, fused (the first item with data wins), resampled to a geobox.

    Args:
        items: STAC items that have the keys.
        keys: asset keys, of one data type.
        geobox: the pixels wanted.
        resampling: ``nearest``, ``bilinear`` or another of rasterio's.

    Returns:
        (keys, height, width) of the assets' type, 0 is nodata.

    Raises:
        ImageryError: a file cannot be read; the text names it. What may be a network's fault was tried again.
    """
    for attempt in tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientImageryError),
        wait=tenacity.wait_random_exponential(FIRST_WAIT_S, max=LONGEST_WAIT_S),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        before_sleep=tenacity.before_sleep_log(log, logging.WARNING),
        reraise=True,
    ):
        with attempt:
            is_first = attempt.retry_state.attempt_number == 1
            odc.stac.configure_rio(**(GDAL_OPTIONS if is_first else GDAL_OPTIONS | NOT_CACHED))
            loaded = odc.stac.load(
                list(items), bands=list(keys), geobox=geobox, resampling=resampling, groupby=_together,
                stac_cfg=CONFIGURATION, fail_on_error=True, driver=NamingDriver(), pool=READ_THREADS,
                patch_url=sign_address if any(item.extra_fields.get(TO_BE_SIGNED) for item in items) else None,
            )  # fmt: skip
            return np.stack([loaded[key].values[0] for key in keys])
    raise AssertionError("tenacity raises the last error")


def check_signing() -> None:
    """Whether addresses can be signed here.

    Raises:
        CatalogueError: package planetary-computer is not installed.
    """
    if importlib.util.find_spec("planetary_computer") is None:
        raise CatalogueError("--sign needs the package planetary-computer: pip install '.[planetary]'")


def sign_address(url: str) -> str:
    """The address with Planetary Computer's token; others than of its storage stay as they are.

    Signed where it is read, not where it is found: a token is valid for an hour, a run takes longer. The package keeps
    tokens, and asks for a new one before the old one ends.

    Raises:
        ImageryError: no token is to be had (the package has tried again by itself).
    """
    import planetary_computer

    try:
        return str(planetary_computer.sign_url(url))
    except requests.RequestException as error:
        raise ImageryError(f"no token to read {url}: {' '.join(str(error).split())}") from None


def _together(*_: Any) -> int:
    """One time for all items."""
    return 0
