"""Composites: the cloud-free median of a city's scenes on its tiles' lattice."""

import itertools
import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import odc.stac
import pystac
import xarray as xr
from dask.base import compute
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning
from scipy.ndimage import distance_transform_edt

from etl.grid import RESOLUTION_M
from etl.readers import NamingDriver
from etl.stac import Scenes, asset_keys, boa_offset

log = logging.getLogger(__name__)

CLEAR_CLASSES = (2, 4, 5, 6, 7, 11)
"""SCL values that show the ground: dark (2: often buildings' and hills' own shade), vegetation, bare, water,
unclassified, snow. Not: 0 nodata, 1 defective, 3 cloud shadow, 8 and 9 cloud, 10 cirrus."""
CLOUD_CLASSES = (3, 8, 9, 10)
NODATA = 0
DILATION_M = 100
"""How far clouds and shadows are grown: the 60 m bands are resampled bilinearly, so a cloudy pixel changes values
up to 90 m away."""
CHUNK_PX = 896
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
UNUSED = np.iinfo(np.uint16).max


# rasterio 1.4's reproject makes such a dataset itself; here, so that Dask's workers are spared it too.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)


@dataclass(frozen=True)
class Composite:
    """A city's median image.

    Attributes:
        reflectance: (12, height, width) uint16, surface reflectance x 10000 in the order of BANDS; 0 is nodata.
        n_clear: (height, width) uint8, number of clear looks (255: that or more).
        geobox: where the pixels are: UTM, 10 m, north up.
    """

    reflectance: np.ndarray
    n_clear: np.ndarray
    geobox: GeoBox


def composite(scenes: Scenes, geobox: GeoBox) -> xr.Dataset:
    """The median over all clear looks, lazily (Dask).

    Scenes of one solar day are one look. A look counts for a pixel when the SCL is clear, no cloud or shadow lies
    within DILATION_M, and no band is nodata. Of an even count the mean of the middle two is taken, rounded half to
    even.

    Returns:
        ``reflectance`` (band, y, x) uint16 and ``n_clear`` (y, x) uint8, as in ``Composite``.
    """
    looks = [_load(list(group), geobox) for group in _alike(scenes.items)]
    dn = xr.concat([look[0] for look in looks], dim="time").chunk(time=-1, band=-1, y=CHUNK_PX, x=CHUNK_PX)
    clear = xr.concat([look[1] for look in looks], dim="time").chunk(time=-1, y=CHUNK_PX, x=CHUNK_PX)
    reflectance, n_clear = xr.apply_ufunc(
        _median,
        dn,
        clear,
        input_core_dims=[["time", "band"], ["time"]],
        output_core_dims=[["band"], []],
        dask="parallelized",
        output_dtypes=[np.uint16, np.uint8],
    )
    return xr.Dataset({"reflectance": reflectance.transpose("band", "y", "x"), "n_clear": n_clear})


def load_composite(scenes: Scenes, geobox: GeoBox) -> Composite:
    """Compute ``composite`` with the current Dask scheduler.

    Raises:
        ImageryError: a file cannot be read; the text names it.
    """
    (computed,) = compute(composite(scenes, geobox))
    return Composite(computed.reflectance.values, computed.n_clear.values, geobox)


def _alike(items: tuple[pystac.Item, ...]) -> list[list[pystac.Item]]:
    """Items in groups that can be loaded together: same asset keys and same offset."""

    def kind(item: pystac.Item) -> tuple[tuple[str, ...], int]:
        return asset_keys(item), boa_offset(item)

    return [list(group) for _, group in itertools.groupby(sorted(items, key=kind), key=kind)]


def _load(items: list[pystac.Item], geobox: GeoBox) -> tuple[xr.DataArray, xr.DataArray]:
    """DN with the offset off (time, band, y, x), and where they are clear (time, y, x), both lazy."""
    *bands, scl_key = asset_keys(items[0])
    chunks: dict[str, Any] = {"x": CHUNK_PX, "y": CHUNK_PX}
    common: dict[str, Any] = {
        "groupby": "solar_day",
        "stac_cfg": CONFIGURATION,
        "fail_on_error": True,
        "driver": NamingDriver(),
    }
    loaded = odc.stac.load(items, bands=bands, geobox=geobox, resampling="bilinear", chunks=chunks, **common)
    dn = _remove_offset(loaded.to_dataarray("band").drop_vars("band").transpose("time", "band", "y", "x"), items[0])
    margin_px = DILATION_M // RESOLUTION_M
    padded = geobox.pad(margin_px)
    scl = odc.stac.load(
        items, bands=[scl_key], geobox=padded, resampling="nearest", chunks={"x": padded.width, "y": padded.height},
        **common,
    )[scl_key]  # fmt: skip
    clear = xr.apply_ufunc(
        _clear,
        scl,
        input_core_dims=[["y", "x"]],
        output_core_dims=[["y", "x"]],
        dask="parallelized",
        output_dtypes=[bool],
    ).isel(y=slice(margin_px, -margin_px), x=slice(margin_px, -margin_px))
    return dn, clear.assign_coords(x=dn.x, y=dn.y).drop_vars("spatial_ref", errors="ignore")


def _remove_offset(dn: xr.DataArray, item: pystac.Item) -> xr.DataArray:
    """DN without the +1000 of later baselines; nodata stays 0, and data never become 0 nor wrap around."""
    offset = boa_offset(item)
    if offset == 0:
        return dn
    shifted = (dn.astype(np.int32) + offset).clip(1, UNUSED).astype(np.uint16)
    return shifted.where(dn != NODATA, np.uint16(NODATA))


def _clear(scl: np.ndarray) -> np.ndarray:
    """(..., y, x) uint8 scene classes -> bool: clear, and farther than DILATION_M from cloud and shadow."""
    is_cloud = np.isin(scl, CLOUD_CLASSES).reshape(-1, *scl.shape[-2:])
    radius_px = DILATION_M / RESOLUTION_M
    grown = np.stack([distance_transform_edt(~p) <= radius_px if p.any() else p for p in is_cloud])
    is_clear: np.ndarray = np.isin(scl, CLEAR_CLASSES) & ~grown.reshape(scl.shape)
    return is_clear


def _median(dn: np.ndarray, clear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(y, x, time, band) uint16 and (y, x, time) bool -> median (y, x, band) uint16 and count (y, x) uint8."""
    used = clear & (dn != NODATA).all(axis=-1)
    n = used.sum(axis=-1)
    ordered = np.sort(np.where(used[..., None], dn, UNUSED), axis=-2)
    middle = np.stack([np.maximum(n - 1, 0) // 2, n // 2], axis=-1).clip(max=dn.shape[-2] - 1)
    pair = np.take_along_axis(ordered, middle[..., None], axis=-2)
    median = np.rint(pair.mean(axis=-2, dtype=np.float32)).astype(np.uint16)
    return np.where(n[..., None] > 0, median, np.uint16(NODATA)), np.minimum(n, 255).astype(np.uint8)
