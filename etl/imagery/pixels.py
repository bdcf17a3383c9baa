"""Reads pixels of scenes, resampled to a geobox, over a network that fails now and then (etl.imagery.http)."""

import importlib.util
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import odc.stac
import pystac
import requests
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning

from db.settings import DEFAULT_HTTP_TIMEOUT_S
from etl.errors import CatalogueError, ImageryError
from etl.imagery.http import gdal_options
from etl.imagery.odc_driver import NamingDriver
from etl.imagery.sentinel2 import HTTP_TIMEOUT_S, NODATA, TO_BE_SIGNED

READ_THREADS = 8
"""Files of one look that are read at a time: over a network the reads mostly wait."""
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
    first = items[0].extra_fields
    odc.stac.configure_rio(**gdal_options(first.get(HTTP_TIMEOUT_S, DEFAULT_HTTP_TIMEOUT_S)))
    loaded = odc.stac.load(
        list(items), bands=list(keys), geobox=geobox, resampling=resampling, groupby=_together,
        stac_cfg=CONFIGURATION, fail_on_error=True, driver=NamingDriver(), pool=READ_THREADS,
        patch_url=sign_address if first.get(TO_BE_SIGNED) else None,
    )  # fmt: skip
    return np.stack([loaded[key].values[0] for key in keys])


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
