"""Pack real Sentinel-2 chips as a static STAC catalogue of COGs, one item per place.

    python scripts/pack_real_places.py FOLDER etl/data/real_places    # FOLDER contains s2-l2a, places and scenes

scripts/real_places.csv lists the places: source file, name, country, date and licence. Pixels stay as they are, with
two exceptions: a band whose source repeats each pixel 2 x 2 or 6 x 6 times is stored at that resolution, and a DN of 0
in a pixel where other bands have data (dark water) becomes 1, because 0 means nodata in Sentinel-2 L2A.

No chip has a scene classification. The SCL asset contains 0 (nodata) where all bands are 0 and 7 (unclassified)
elsewhere; chips with visible cloud are left out of the list.

A chip does not lie on the lattice of tiles. A place gets the tiles of which the chips of its month cover MIN_SHARE;
their outline is its extent. A place without such a tile is left out and printed.
"""

import argparse
import calendar
import csv
import json
import shutil
from collections.abc import Iterator, Sequence
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
from shapely import MultiPolygon, Polygon
from shapely.geometry import mapping, shape

from etl.cities.city import City
from etl.cities.grid import assign_cells
from etl.imagery.sentinel2 import BANDS, EARTH_SEARCH_KEYS

PLACES = Path(__file__).with_name("real_places.csv")
COLLECTION, SHARE_ALIKE_COLLECTION = "real-places", "real-places-cc-by-sa"
NOMINAL_DATE = datetime(2020, 7, 1, tzinfo=UTC)
"""Stands in where the source gives no date; such an item has ``terrakin:is_date_known`` false."""
MIN_SHARE = 0.21
"""A little more than the 0.2 with which the places are loaded, because resampling loses the outermost pixels."""
REACH_DEG = 0.3
"""Chips are searched for tiles up to this far: a tile and more, up to 84 degrees north."""
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

    @property
    def collection(self) -> str:
        """Id of the collection; what must be shared alike has its own."""
        return SHARE_ALIKE_COLLECTION if self.licence == SCENE_LICENCE else COLLECTION

    @property
    def date(self) -> datetime:
        """Date of the pixels, or the nominal one."""
        return self.observed_on or NOMINAL_DATE

    @property
    def period(self) -> str:
        """Month of the date, as a city file gives it."""
        last = calendar.monthrange(self.date.year, self.date.month)[1]
        return f"{self.date:%Y-%m}-01/{self.date:%Y-%m}-{last}"

    @property
    def outline(self) -> Polygon:
        """Outline of the pixels in EPSG:4326."""
        band = self.bands["B02"]
        height, width = band.pixels.shape
        west, north = band.transform * (0, 0)
        east, south = band.transform * (width, height)
        return shape(transform_geom(self.crs, "EPSG:4326", mapping(shapely.box(west, south, east, north))))


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
        SCENE_ID, "Villages near Phon Charoen", "TH", "Thailand", "Asia", SCENE_DATE, SCENE_LICENCE,
        "Major TOM Core (ESA), cropped", crs, bands, has_offset=False,
    )  # fmt: skip


def write_item(folder: Path, chip: Chip) -> pystac.Item:
    """Write the COGs of one place and return its item, whose hrefs are their paths."""
    folder.mkdir(parents=True)
    outline = chip.outline
    notice = f"{NOTICE} {chip.observed_on.year}" if chip.observed_on else NOTICE
    item = pystac.Item(
        chip.item_id,
        mapping(outline),
        list(outline.bounds),
        chip.date,
        {
            "title": chip.name,
            "constellation": "sentinel-2",
            "instruments": ["msi"],
            "license": chip.licence,
            "attribution": f"{chip.attribution}. {notice}.",
            "terrakin:is_date_known": chip.observed_on is not None,
            "terrakin:synthetic": False,
            "eo:cloud_cover": 0,
            "proj:epsg": chip.crs.to_epsg(),
            "s2:processing_baseline": "04.00" if chip.has_offset else "03.00",
        },
        stac_extensions=STAC_EXTENSIONS,
        collection=chip.collection,
    )
    for key, name in zip(EARTH_SEARCH_KEYS, BANDS, strict=True):
        raster = {"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": -0.1 if chip.has_offset else 0}
        item.add_asset(key, _write(folder / f"{name}.tif", chip.crs, chip.bands[name], raster))
    scl = Band(_classification(chip), chip.bands["B02"].transform)
    item.add_asset("scl", _write(folder / "SCL.tif", chip.crs, scl, {"nodata": 0, "data_type": "uint8"}))
    return item


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


def place_cities(chips: Sequence[Chip]) -> list[City]:
    """Return the places with the tiles that chips of their month cover; a place without a tile is left out."""
    cities = [city for chip in chips if (city := _city(chip, _covered(chip, chips))) is not None]
    cells = assign_cells(cities)
    return [city for city in cities if cells[city.city_id]]


def _covered(chip: Chip, chips: Sequence[Chip]) -> list[Polygon]:
    """Return the footprints of the tiles near a chip of which the chips of its month cover enough, it among them."""
    alike = [c for c in chips if (c.collection, c.period) == (chip.collection, chip.period)]
    seen = shapely.union_all([c.outline for c in alike])
    around = _city(chip, [shapely.box(*chip.outline.buffer(REACH_DEG).bounds)])
    assert around is not None
    footprints = [cell.footprint() for cell in assign_cells([around])[around.city_id]]
    return [
        footprint
        for footprint in footprints
        if footprint.intersects(chip.outline) and footprint.intersection(seen).area >= MIN_SHARE * footprint.area
    ]


def _city(chip: Chip, parts: Sequence[Polygon]) -> City | None:
    """Return a place with an extent of these parts; its id is negative because it is no GeoNames id."""
    if not parts:
        return None
    area = shapely.set_precision(shapely.union_all(parts), 1e-7)
    centre = chip.outline.centroid
    return City(
        -chip.place_id, chip.name, chip.country_code, chip.country, chip.continent, None, round(centre.x, 6),
        round(centre.y, 6), area if isinstance(area, MultiPolygon) else MultiPolygon([area]), False,
    )  # fmt: skip


def write_catalogue(out: Path, chips: Sequence[Chip], cities: Sequence[City]) -> None:
    """Write catalogue, collections, items, COGs and the file of places; the licence texts in ``out`` stay."""
    extents = shapely.union_all([city.extent for city in cities])
    used = [chip for chip in chips if chip.outline.intersects(extents)]
    for old in out.glob("*/place-*"):
        shutil.rmtree(old)
    catalogue = pystac.Catalog("terrakin-real-places", f"Real Sentinel-2 L2A chips. {NOTICE}.", title="Real places")
    for collection_id in (COLLECTION, SHARE_ALIKE_COLLECTION):
        members = [chip for chip in used if chip.collection == collection_id]
        items = [write_item(out / collection_id / chip.item_id, chip) for chip in members]
        catalogue.add_child(_collection(collection_id, members, items))
    catalogue.normalize_hrefs(str(out))
    catalogue.make_all_asset_hrefs_relative()
    catalogue.save(pystac.CatalogType.SELF_CONTAINED)
    periods = {-chip.place_id: chip.period for chip in chips}
    features = [_feature(city, periods[city.city_id]) for city in cities]
    text = json.dumps({"type": "FeatureCollection", "features": features}, indent=1, ensure_ascii=False)
    (out / "places.geojson").write_text(text + "\n")


def _collection(collection_id: str, chips: Sequence[Chip], items: Sequence[pystac.Item]) -> pystac.Collection:
    boxes = np.array([item.bbox for item in items])
    bounds = [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]
    times = [chip.date for chip in chips]
    extent = pystac.Extent(pystac.SpatialExtent([bounds]), pystac.TemporalExtent([[min(times), max(times)]]))
    licences = {chip.licence for chip in chips}
    collection = pystac.Collection(
        collection_id,
        f"Real Sentinel-2 L2A chips; each item names its licence and attribution. {NOTICE}.",
        extent,
        license=licences.pop() if len(licences) == 1 else "other",
    )
    collection.add_link(pystac.Link(pystac.RelType.LICENSE, "./LICENSE.txt", pystac.MediaType.TEXT))
    collection.add_items(items)
    return collection


def _feature(city: City, period: str) -> dict[str, object]:
    properties = {name: value for name, value in vars(city).items() if name not in ("extent", "population")}
    return {
        "type": "Feature",
        "properties": properties | {"period": period},
        "geometry": mapping(city.extent),
    }


def main() -> None:
    """Write the catalogue; print its size and the places that are left out."""
    parser = argparse.ArgumentParser(description="Pack real Sentinel-2 chips as a static STAC catalogue.")
    parser.add_argument("folder", type=Path, help="folder with s2-l2a, places and scenes")
    parser.add_argument("out", type=Path, help="folder to write; its licence texts stay")
    arguments = parser.parse_args()
    chips = list(read_chips(arguments.folder))
    cities = place_cities(chips)
    write_catalogue(arguments.out.absolute(), chips, cities)
    tiles = sum(map(len, assign_cells(cities).values()))
    size = sum(path.stat().st_size for path in arguments.out.rglob("*") if path.is_file())
    print(f"{len(cities)} places, {tiles} tiles, {size / 1e6:.1f} MB in {arguments.out}")
    kept = {city.city_id for city in cities}
    for chip in chips:
        if -chip.place_id not in kept:
            print(f"left out, because no tile is covered enough: {chip.name}")


if __name__ == "__main__":
    main()
