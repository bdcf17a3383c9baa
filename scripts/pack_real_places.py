"""Pack real Sentinel-2 chips as a static STAC catalogue of COGs, one item per place.

    python scripts/pack_real_places.py FOLDER OUT    # FOLDER holds s2-l2a/, places/ and scenes/ as described there

scripts/real_places.csv lists the places: source file, name, country, date and licence. Pixels stay as they are, with
two exceptions: a band whose source repeats each pixel 2 x 2 or 6 x 6 times is stored at that resolution, and a DN of 0
in a pixel where other bands have data (dark water) becomes 1, because 0 means nodata in Sentinel-2 L2A.

No chip has a scene classification. The SCL asset contains 0 (nodata) where all bands are 0 and 7 (unclassified)
elsewhere; chips with visible cloud are left out of the list.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pystac
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform_geom
from shapely.geometry import mapping, shape

from etl.imagery.sentinel2 import BANDS, EARTH_SEARCH_KEYS

PLACES = Path(__file__).with_name("real_places.csv")
COLLECTION, SHARE_ALIKE_COLLECTION = "real-places", "real-places-cc-by-sa"
NOMINAL_DATE = datetime(2020, 7, 1, tzinfo=UTC)
"""Stands in where the source gives no date; such an item has ``terrakin:is_date_known`` false."""
UNCLASSIFIED = 7
REPEATS = (6, 2)
NOTICE = "Contains modified Copernicus Sentinel data"
SCENE, SCENE_ID, SCENE_DATE, SCENE_LICENCE = (
    "thailand-villages",
    3001,
    datetime(2020, 2, 23, tzinfo=UTC),
    "CC-BY-SA-4.0",
)
SCENE_X, SCENE_Y, SCENE_PX = 362_880, 1_986_880, 896
"""North-west corner (EPSG:32648) of 4 x 4 tiles of the lattice inside the scene, and their width (px of 10 m)."""
SCENE_ORIGIN = (362_640, 1_987_080)
"""The scene lies 2 m off the 10 m grid; its own pixels start here once that is taken off."""
STAC_EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]


@dataclass(frozen=True)
class Band:
    """Pixels of one band, uint16, and where they lie."""

    pixels: np.ndarray
    transform: Affine


@dataclass(frozen=True)
class Chip:
    """One place: its pixels by name of ``BANDS``, and what the item says about it."""

    place_id: int
    name: str
    country_code: str
    country: str
    continent: str
    observed_on: datetime | None
    licence: str
    attribution: str
    crs: CRS
    bands: dict[str, Band]
    has_offset: bool

    @property
    def item_id(self) -> str:
        """Id of the STAC item."""
        return f"place-{self.place_id}"


def read_chips(folder: Path) -> Iterator[Chip]:
    """Yield the listed chips, then the scene."""
    shifted = _shifted(folder)
    with PLACES.open(newline="") as handle:
        for row in csv.DictReader(handle):
            with rasterio.open(folder / row["source"]) as source:
                pixels, crs, transform = source.read(), source.crs, source.transform
            bands = _at_native_resolution(_without_false_nodata(pixels), transform)
            observed_on = datetime.fromisoformat(row["date"]).replace(tzinfo=UTC) if row["date"] else None
            yield Chip(
                int(row["place_id"]), row["name"], row["country_code"], row["country"], row["continent"], observed_on,
                row["licence"], row["attribution"], crs, bands, Path(row["source"]).stem in shifted,
            )  # fmt: skip
    yield _read_scene(folder / "scenes" / SCENE)


def _shifted(folder: Path) -> set[str]:
    """Return the names of the chips whose DN carry the +1000 of processing baseline 04.00."""
    with (folder / "s2-l2a" / "manifest.csv").open(newline="") as handle:
        return {row["name"] for row in csv.DictReader(handle) if row["offset_guess"] == "likely +1000"}


def _without_false_nodata(pixels: np.ndarray) -> np.ndarray:
    """Return (12, height, width) with 0 kept only where all bands are 0."""
    has_data = (pixels != 0).any(axis=0)
    return np.where((pixels == 0) & has_data, 1, pixels).astype(np.uint16)


def _at_native_resolution(pixels: np.ndarray, transform: Affine) -> dict[str, Band]:
    bands = {}
    for name, band in zip(BANDS, pixels, strict=True):
        factor = next((n for n in REPEATS if _is_repeated(band, n)), 1)
        bands[name] = Band(band[::factor, ::factor], transform * Affine.scale(factor))
    return bands


def _is_repeated(band: np.ndarray, n: int) -> bool:
    """Return whether a band consists of n x n blocks of equal pixels."""
    height, width = band.shape
    if height % n or width % n:
        return False
    blocks = band.reshape(height // n, n, width // n, n)
    return bool((blocks == blocks[:, :1, :, :1]).all())


def _read_scene(folder: Path) -> Chip:
    bands = {}
    for name in BANDS:
        with rasterio.open(folder / f"{name}.tif") as source:
            pixels, size, crs = source.read(1), round(source.res[0]), source.crs
        south_m, east_m = SCENE_ORIGIN[1] - SCENE_Y, SCENE_X - SCENE_ORIGIN[0]
        row, col = south_m // size, east_m // size  # a coarse pixel may begin outside the tiles
        last_row, last_col = (-(-(start_m + 10 * SCENE_PX) // size) for start_m in (south_m, east_m))
        x, y = SCENE_ORIGIN[0] + col * size, SCENE_ORIGIN[1] - row * size
        bands[name] = Band(pixels[row:last_row, col:last_col], Affine(size, 0, x, 0, -size, y))
    return Chip(
        SCENE_ID, "Villages north of Khon Kaen", "TH", "Thailand", "Asia", SCENE_DATE, SCENE_LICENCE,
        "Major TOM Core", crs, bands, has_offset=False,
    )  # fmt: skip


def write_item(folder: Path, chip: Chip, collection: str) -> pystac.Item:
    """Write the COGs of one place and return its item, whose hrefs are their paths."""
    folder.mkdir(parents=True)
    outline = _outline(chip)
    item = pystac.Item(
        chip.item_id,
        mapping(outline),
        list(outline.bounds),
        chip.observed_on or NOMINAL_DATE,
        {
            "title": chip.name,
            "constellation": "sentinel-2",
            "instruments": ["msi"],
            "license": chip.licence,
            "attribution": f"{chip.attribution}. {NOTICE}.",
            "terrakin:is_date_known": chip.observed_on is not None,
            "terrakin:synthetic": False,
            "eo:cloud_cover": 0,
            "proj:epsg": chip.crs.to_epsg(),
            "s2:processing_baseline": "04.00" if chip.has_offset else "03.00",
        },
        stac_extensions=STAC_EXTENSIONS,
        collection=collection,
    )
    for key, name in zip(EARTH_SEARCH_KEYS, BANDS, strict=True):
        raster = {"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": -0.1 if chip.has_offset else 0}
        item.add_asset(key, _write(folder / f"{name}.tif", chip.crs, chip.bands[name], raster))
    scl = Band(_classification(chip), chip.bands["B02"].transform)
    item.add_asset("scl", _write(folder / "SCL.tif", chip.crs, scl, {"nodata": 0, "data_type": "uint8"}))
    return item


def _outline(chip: Chip) -> shapely.Geometry:
    band = chip.bands["B02"]
    height, width = band.pixels.shape
    west, north = band.transform * (0, 0)
    east, south = band.transform * (width, height)
    box = mapping(shapely.box(west, south, east, north))
    return shape(transform_geom(chip.crs, "EPSG:4326", box))


def _classification(chip: Chip) -> np.ndarray:
    fine = [band.pixels for band in chip.bands.values() if band.transform.a == chip.bands["B02"].transform.a]
    return np.where(np.any([pixels != 0 for pixels in fine], axis=0), UNCLASSIFIED, 0).astype(np.uint8)


def _write(path: Path, crs: CRS, band: Band, raster: dict[str, object]) -> pystac.Asset:
    height, width = band.pixels.shape
    profile = {
        "driver": "COG", "dtype": band.pixels.dtype, "count": 1, "height": height, "width": width, "crs": crs,
        "transform": band.transform, "nodata": 0, "compress": "deflate", "level": 9, "predictor": 2, "blocksize": 512,
        "overviews": "none",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(band.pixels, 1)
    fields = {
        "proj:shape": [height, width],
        "proj:transform": list(band.transform)[:6],
        "raster:bands": [raster],
    }
    return pystac.Asset(str(path), media_type=pystac.MediaType.COG, roles=["data", "reflectance"], extra_fields=fields)


def write_catalogue(out: Path, chips: list[Chip]) -> None:
    """Write catalogue, collections, items, COGs and the file of places; ``out`` must not exist."""
    out.mkdir(parents=True)
    catalogue = pystac.Catalog("terrakin-real-places", f"Real Sentinel-2 L2A chips. {NOTICE}.", title="Real places")
    for collection_id, is_share_alike in ((COLLECTION, False), (SHARE_ALIKE_COLLECTION, True)):
        members = [chip for chip in chips if (chip.licence == SCENE_LICENCE) == is_share_alike]
        items = [write_item(out / collection_id / chip.item_id, chip, collection_id) for chip in members]
        catalogue.add_child(_collection(collection_id, members, items))
    catalogue.normalize_hrefs(str(out))
    catalogue.make_all_asset_hrefs_relative()
    catalogue.save(pystac.CatalogType.SELF_CONTAINED)
    features = [_feature(chip) for chip in chips]
    text = json.dumps({"type": "FeatureCollection", "features": features}, indent=1)
    (out / "places.geojson").write_text(text)


def _collection(collection_id: str, chips: list[Chip], items: list[pystac.Item]) -> pystac.Collection:
    boxes = np.array([item.bbox for item in items])
    bounds = [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]
    times = [item.datetime for item in items if item.datetime]
    extent = pystac.Extent(pystac.SpatialExtent([bounds]), pystac.TemporalExtent([[min(times), max(times)]]))
    licences = {chip.licence for chip in chips}
    collection = pystac.Collection(
        collection_id,
        f"Real Sentinel-2 L2A chips; each item names its licence and attribution. {NOTICE}.",
        extent,
        license=licences.pop() if len(licences) == 1 else "other",
    )
    collection.add_items(items)
    return collection


def _feature(chip: Chip) -> dict[str, object]:
    """Return the place as a feature of a city file; its id is negative because it is no GeoNames id."""
    outline = _outline(chip)
    properties = {
        "city_id": -chip.place_id,
        "name": chip.name,
        "country_code": chip.country_code,
        "country": chip.country,
        "continent": chip.continent,
        "lon": round(outline.centroid.x, 6),
        "lat": round(outline.centroid.y, 6),
        "is_synthetic": False,
    }
    return {"type": "Feature", "properties": properties, "geometry": mapping(outline)}


def main() -> None:
    """Write the catalogue and print its size."""
    parser = argparse.ArgumentParser(description="Pack real Sentinel-2 chips as a static STAC catalogue.")
    parser.add_argument("folder", type=Path, help="folder with s2-l2a, places and scenes")
    parser.add_argument("out", type=Path, help="folder to write; replaced where it exists")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.out, ignore_errors=True)
    chips = list(read_chips(arguments.folder))
    write_catalogue(arguments.out, chips)
    size = sum(path.stat().st_size for path in arguments.out.rglob("*") if path.is_file())
    print(f"{len(chips)} places, {size / 1e6:.1f} MB in {arguments.out}")


if __name__ == "__main__":
    main()
