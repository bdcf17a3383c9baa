"""Real Sentinel-2 chips: those of the packed catalogue, a pair of two dates, and labelled ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pystac
import rasterio
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from etl.cities.grid import PATCH_PX
from etl.encoders.encoder import NOMINAL_MONTH
from etl.errors import CatalogueError, ImageryError
from etl.imagery.cloud_mask import without_offset
from etl.imagery.sentinel2 import BANDS, NODATA, acquired_at, asset_keys, claimed_offset

CATALOGUE = Path(__file__).parents[3] / "data" / "real_places" / "catalog.json"
"""The packed catalogue of real places."""
PAIR = Path("timeseries") / "ssl4eo-0000200"
PAIR_KEYS = tuple(f"B{int(name[1:])}" if name[1:].isdigit() else name for name in BANDS)
"""File names of the pair's bands: B1 for B01."""
LABELLED_SCENES, LABELLED_CHIPS = Path("labelled") / "bigearthnet-v2", Path("labelled") / "eurosat-ms"
EUROSAT_ROWS = (0, 1, 2, 3, 4, 5, 6, 7, 12, 8, 10, 11)
"""Rows of ``BANDS`` in EuroSAT's files, which have B10 and end with B8A."""
BLOCK_PX = 2 * PATCH_PX


@dataclass(frozen=True)
class RealChip:
    """Pixels of one place on one date.

    Attributes:
        name: of the place, or the label.
        pixels: (12, height, width) uint16, reflectance x 10000 in the order of ``BANDS``, 0 is nodata; height and width
            are multiples of a block (32 px).
        month: 1 to 12; the nominal one if the date is unknown.
    """

    name: str
    pixels: np.ndarray
    month: int


def read_catalogue(path: Path = CATALOGUE) -> list[RealChip]:
    """Return the chips of a static catalogue of places, in the order of their ids.

    Raises:
        CatalogueError: the catalogue is missing or cannot be read, or has no items.
    """
    if not path.is_file():
        raise CatalogueError(
            f"there is no catalogue of real places at {path}; give one with --real-places, or pass --no-real"
        )
    try:
        items = sorted(pystac.Catalog.from_file(path).get_items(recursive=True), key=lambda item: item.id)
    except (pystac.STACError, OSError, ValueError) as error:
        raise CatalogueError(f"catalogue {path} cannot be read ({error}); pack it again") from error
    if not items:
        raise CatalogueError(f"catalogue {path} has no items; pack it with scripts/pack_real_places.py")
    return [_read_item(item) for item in items]


def _read_item(item: pystac.Item) -> RealChip:
    hrefs = [item.assets[key].get_absolute_href() or "" for key in asset_keys(item)[: len(BANDS)]]
    dn = without_offset(_read_bands(hrefs), claimed_offset(item))
    is_known = item.properties.get("terrakin:is_date_known", True)
    month = acquired_at(item).month if is_known else NOMINAL_MONTH
    return RealChip(str(item.properties.get("title", item.id)), _whole_blocks(dn), month)


def read_pair(folder: Path) -> tuple[RealChip, RealChip]:
    """Return the chips of one place on two dates from the folder of real data, the earlier first.

    Raises:
        ImageryError: they are missing or cannot be read.
    """
    dates = sorted(path for path in (folder / PAIR).glob("*") if path.is_dir())
    if len(dates) != 2:
        raise ImageryError(f"{folder / PAIR} has {len(dates)} dates instead of 2; give the folder with --real-data")
    earlier, later = (
        RealChip(path.name[:8], _whole_blocks(_read_bands(_band_files(path, PAIR_KEYS))), int(path.name[4:6]))
        for path in dates
    )
    return earlier, later


def read_labelled(folder: Path) -> list[RealChip]:
    """Return the labelled chips from the folder of real data, named after their labels; none if it has none."""
    chips = []
    for path in sorted((folder / LABELLED_CHIPS).glob("*.tif")):
        with rasterio.open(path) as source:
            pixels = source.read()[list(EUROSAT_ROWS)]
        chips.append(RealChip(path.stem.split("_")[0], _whole_blocks(pixels), NOMINAL_MONTH))
    files = _band_files(folder / LABELLED_SCENES, BANDS)
    if files:
        chips.append(RealChip("BigEarthNet patch", _whole_blocks(_read_bands(files)), month=6))
    return chips


def _band_files(folder: Path, keys: Sequence[str]) -> list[str]:
    """Return the files of a folder whose names end in these bands, in this order; none if one is missing."""
    found: Mapping[str, Path] = {path.stem.split("_")[-1]: path for path in folder.glob("*.tif")}
    return [str(found[key]) for key in keys] if set(keys) <= set(found) else []


def _read_bands(hrefs: Sequence[str]) -> np.ndarray:
    """Return 12 bands on the pixels of B02, coarser ones by nearest neighbour; 0 only where no band has data.

    Raises:
        ImageryError: a file cannot be read.
    """
    try:
        with rasterio.open(hrefs[BANDS.index("B02")]) as blue:
            grid = {"crs": blue.crs, "transform": blue.transform, "width": blue.width, "height": blue.height}
        bands = []
        for href in hrefs:
            with rasterio.open(href) as source, WarpedVRT(source, resampling=Resampling.nearest, **grid) as aligned:
                bands.append(aligned.read(1))
    except (rasterio.errors.RasterioError, IndexError) as error:
        raise ImageryError(f"chip {hrefs[:1]} cannot be read ({error}); restore its files") from error
    pixels = np.stack(bands).astype(np.uint16)
    # Dark water is clipped at 0 in single bands.
    return np.where((pixels == NODATA) & (pixels != NODATA).any(axis=0), np.uint16(1), pixels)


def _whole_blocks(pixels: np.ndarray) -> np.ndarray:
    height, width = (size // BLOCK_PX * BLOCK_PX for size in pixels.shape[1:])
    return np.ascontiguousarray(pixels[:, :height, :width])
