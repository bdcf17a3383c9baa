"""Writing one scene as Earth Search does: one COG per band at its native resolution, the SCL, and the STAC item."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer

from etl.imagery.sentinel2 import BANDS, EARTH_SEARCH_KEYS

NATIVE_RESOLUTION_M = {
    "B01": 60, "B02": 10, "B03": 10, "B04": 10, "B05": 20, "B06": 20, "B07": 20, "B08": 10, "B8A": 20, "B09": 60,
    "B11": 20, "B12": 20,
}  # fmt: skip
"""Pixel size of each band in metres (Sentinel-2 User Handbook, table 1)."""
SCL_RESOLUTION_M = 20
COMPRESSION: dict[str, Any] = {"compress": "deflate", "level": 1, "predictor": 2}
NO_COMPRESSION: dict[str, Any] = {"compress": "none"}
STAC_EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]


@dataclass(frozen=True)
class Scene:
    """The pixels of one scene.

    Attributes:
        item_id: id of the STAC item.
        acquired_at: acquisition time, UTC.
        srid: EPSG code of the UTM projection.
        x: easting of the upper left corner, metres.
        y: northing of the upper left corner, metres.
        bands: uint16 DN by name of BANDS at NATIVE_RESOLUTION_M, without offset; 0 is nodata.
        scl: uint8 scene classes at 20 m.
        is_synthetic: True for synthetic pixels.
    """

    item_id: str
    acquired_at: datetime
    srid: int
    x: float
    y: float
    bands: Mapping[str, np.ndarray]
    scl: np.ndarray
    is_synthetic: bool


def write_scene(folder: Path, scene: Scene, collection: str, *, is_compressed: bool = True) -> pystac.Item:
    """Write the COGs into ``folder`` and return the STAC item, whose hrefs are their paths.

    Compressed as published scenes are, they are half as large and take four times longer to write and to read.
    """
    compression = COMPRESSION if is_compressed else NO_COMPRESSION
    folder.mkdir(parents=True, exist_ok=True)
    item = _item(scene, collection)
    for key, name in zip(EARTH_SEARCH_KEYS, BANDS, strict=True):
        raster = {"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": -0.1}
        file, size_m = folder / f"{name}.tif", NATIVE_RESOLUTION_M[name]
        item.add_asset(key, _write(file, scene, scene.bands[name], size_m, raster, compression))
    raster = {"nodata": 0, "data_type": "uint8"}
    item.add_asset("scl", _write(folder / "SCL.tif", scene, scene.scl, SCL_RESOLUTION_M, raster, compression))
    return item


def _item(scene: Scene, collection: str) -> pystac.Item:
    height, width = (n * SCL_RESOLUTION_M for n in scene.scl.shape)
    x, y = [scene.x, scene.x + width, scene.x + width, scene.x], [scene.y - height, scene.y - height, scene.y, scene.y]
    lon, lat = Transformer.from_crs(scene.srid, 4326, always_xy=True).transform(x, y)
    outline = shapely.Polygon(zip(lon, lat, strict=True))
    cloud_cover = 100 * float(np.isin(scene.scl, (8, 9, 10)).mean())
    properties: dict[str, Any] = {
        "platform": "sentinel-2a",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": round(cloud_cover, 6),
        "proj:epsg": scene.srid,
        "s2:processing_baseline": "05.10",
        "s2:nodata_pixel_percentage": 0,
        # As in Earth Search: the offset has been removed from the pixels, although raster:bands still gives it.
        "earthsearch:boa_offset_applied": True,
        "terrakin:synthetic": scene.is_synthetic,
    }
    return pystac.Item(
        scene.item_id,
        shapely.geometry.mapping(outline),
        list(outline.bounds),
        scene.acquired_at,
        properties,
        stac_extensions=STAC_EXTENSIONS,
        collection=collection,
    )


def _write(
    path: Path, scene: Scene, pixels: np.ndarray, resolution_m: int, raster: dict[str, Any], compression: dict[str, Any]
) -> pystac.Asset:
    transform = Affine(resolution_m, 0, scene.x, 0, -resolution_m, scene.y)
    profile = {
        "driver": "COG", "dtype": pixels.dtype, "count": 1, "height": pixels.shape[0], "width": pixels.shape[1],
        "crs": f"EPSG:{scene.srid}", "transform": transform, "nodata": 0, "blocksize": 512, "overviews": "none",
        **compression,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(pixels, 1)
    fields = {
        "gsd": resolution_m,
        "proj:shape": list(pixels.shape),
        "proj:transform": list(transform)[:6],
        "raster:bands": [raster | {"spatial_resolution": resolution_m}],
    }
    return pystac.Asset(str(path), media_type=pystac.MediaType.COG, roles=["data", "reflectance"], extra_fields=fields)
