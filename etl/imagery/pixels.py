"""Reading pixels of scenes, resampled to a geobox, over an unreliable network (etl.imagery.http)."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import odc.stac
import pystac
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning

from db.settings import DEFAULT_HTTP_TIMEOUT_S
from etl.imagery.http import gdal_options
from etl.imagery.odc_driver import REMOTE, NamingDriver
from etl.imagery.sentinel2 import HTTP_TIMEOUT_S, NODATA, TO_BE_SIGNED
from etl.imagery.stac.signing import sign_address

READ_THREADS = 8
"""Remote files of one observation that are read in parallel: the reads mostly wait. Local files are read by the calling
thread: every new thread opens the database of PROJ, which takes longer than reading a small file."""
CONFIGURATION = {
    "*": {
        "assets": {
            "*": {"data_type": "uint16", "nodata": NODATA},
            "scl": {"data_type": "uint8", "nodata": NODATA},
            "SCL": {"data_type": "uint8", "nodata": NODATA},
        }
    }
}
"""For catalogues without this information (Planetary Computer has no raster:bands)."""

# rasterio 1.4's reproject makes such a dataset itself; filtered here, so that it applies to Dask's workers too.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)


def read_bands(items: Sequence[pystac.Item], keys: Sequence[str], geobox: GeoBox, resampling: str) -> np.ndarray:
    """Read assets of the items of one day, merged (the first item with data wins) and resampled to a geobox.

    Args:
        items: STAC items that have the keys.
        keys: asset keys, of one data type.
        geobox: the pixels to read.
        resampling: ``nearest``, ``bilinear`` or another method of rasterio.

    Returns:
        (keys, height, width) of the assets' type, 0 is nodata.

    Raises:
        ImageryError: a file cannot be read; the text names it. Remote files have been retried.
    """
    first = items[0].extra_fields
    is_remote = any(item.assets[key].href.startswith(REMOTE) for item in items for key in keys)
    odc.stac.configure_rio(**gdal_options(first.get(HTTP_TIMEOUT_S, DEFAULT_HTTP_TIMEOUT_S)))
    loaded = odc.stac.load(
        list(items), bands=list(keys), geobox=geobox, resampling=resampling, groupby=_together,
        stac_cfg=CONFIGURATION, fail_on_error=True, driver=NamingDriver(),
        pool=READ_THREADS if is_remote else None,
        patch_url=sign_address if first.get(TO_BE_SIGNED) else None,
    )  # fmt: skip
    return np.stack([loaded[key].values[0] for key in keys])


def _together(*_: Any) -> int:
    """Return the same group for all items."""
    return 0
