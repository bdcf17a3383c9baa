"""A static STAC catalogue of the real scene ``thailand-villages``: clear dates, and dates with injected clouds."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pystac
import rasterio
from scipy.ndimage import gaussian_filter

from etl.demo.scene_writer import NATIVE_RESOLUTION_M, Scene, write_scene
from etl.imagery.sentinel2 import BANDS

SRID = 32648
X, Y = 362640, 1987080
"""Upper left corner on Sentinel-2's grid; the crop itself lies 2.2 m off it (see the data's README)."""
SCENE = "thailand-villages"
COLLECTION = "thailand-villages"
DAYS = (3, 8, 13, 18, 23)
CLOUD_DN, SHADOW_FACTOR = 7000, 0.35
VEGETATION, SHADOW, CLOUD = 4, 3, 9
SCL_PX = 534


def read_scene(real_data: Path, scene: str = SCENE) -> dict[str, np.ndarray]:
    """Return the real DN by band at native resolution."""
    bands = {}
    for name in BANDS:
        with rasterio.open(real_data / "scenes" / scene / f"{name}.tif") as source:
            bands[name] = source.read(1)
    return bands


def cloud_classes(seed: int) -> np.ndarray:
    """Return scene classes (534, 534) uint8: a fifth is cloud, with shadows 300 m to the north-west."""
    smooth = gaussian_filter(np.random.default_rng(seed).normal(size=(SCL_PX, SCL_PX)), 25)
    is_cloud = smooth > np.quantile(smooth, 0.8)
    is_shadow = np.roll(is_cloud, (-15, -15), (0, 1)) & ~is_cloud
    return np.select([is_cloud, is_shadow], [CLOUD, SHADOW], VEGETATION).astype(np.uint8)


def inject(bands: dict[str, np.ndarray], scl: np.ndarray) -> dict[str, np.ndarray]:
    """Return the scene with clouds; a coarse pixel is cloudy if any SCL pixel within it is."""
    return {name: _inject(pixels, scl, NATIVE_RESOLUTION_M[name]) for name, pixels in bands.items()}


def _inject(pixels: np.ndarray, scl: np.ndarray, resolution_m: int) -> np.ndarray:
    if resolution_m == 10:
        cloud, shadow = (np.kron(scl == c, np.ones((2, 2), bool)) for c in (CLOUD, SHADOW))
    else:
        n = resolution_m // 20
        blocks = scl.reshape(SCL_PX // n, n, SCL_PX // n, n)
        cloud, shadow = ((blocks == c).any(axis=(1, 3)) for c in (CLOUD, SHADOW))
    shaded = np.where(shadow, (pixels * SHADOW_FACTOR).astype(np.uint16), pixels)
    return np.where(cloud, np.uint16(CLOUD_DN), shaded)


def write_catalogue(
    real_data: Path,
    root: Path,
    cloudy_seeds: tuple[int | None, ...],
    scene: str = SCENE,
    offset_applied: bool = True,
) -> Path:
    """Write one scene per seed (None: without clouds) on days of February 2020; return the path of catalog.json.

    ``offset_applied`` is the flag of the items; it is correct for the pixels of thailand-villages, not for drc-cloudy.
    """
    bands = read_scene(real_data, scene)
    catalogue = pystac.Catalog("thailand", "A real Sentinel-2 scene with injected clouds")
    extent = pystac.Extent(pystac.SpatialExtent([[-180, -90, 180, 90]]), pystac.TemporalExtent([[None, None]]))
    collection = pystac.Collection(COLLECTION, "One real scene, several dates by injected clouds", extent)
    catalogue.add_child(collection)
    for day, seed in zip(DAYS, cloudy_seeds, strict=False):
        scl = np.full((SCL_PX, SCL_PX), VEGETATION, np.uint8) if seed is None else cloud_classes(seed)
        moment = datetime(2020, 2, day, 3, 40, tzinfo=UTC)
        name = f"thailand-{moment:%Y%m%d}"
        pixels = bands if seed is None else inject(bands, scl)
        item = write_scene(root / name, Scene(name, moment, SRID, X, Y, pixels, scl, False), COLLECTION)
        item.properties["earthsearch:boa_offset_applied"] = offset_applied
        collection.add_item(item)
    catalogue.normalize_and_save(str(root), pystac.CatalogType.SELF_CONTAINED)
    return root / "catalog.json"
