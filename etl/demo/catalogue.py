"""Building the demo: a static STAC catalogue as Earth Search's, its cities, and the known urban form of every tile."""

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pystac
from shapely.geometry import mapping

from etl.demo.changes import changed_blocks
from etl.demo.scene_writer import write_scene
from etl.demo.scenes import SUMMER, Season, town_scenes
from etl.demo.towns import DEMO_TOWNS, Town

VERSION = 1
"""Raise it with every change of the pixels, so that catalogues of an older version are built again."""
SEED = 2026
COLLECTION = "synthetic-sentinel-2-l2a"
N_PROCESSES = 2


@dataclass(frozen=True)
class DemoCatalogue:
    """The files of the demo.

    Attributes:
        catalogue: the STAC catalogue.
        cities: GeoJSON of the towns, for ``terrakin etl run --cities``.
        forms: CSV of the known urban form of each tile: zone, is_south, row, col, form, town.
        changes: CSV of the blocks that have changed since summer: zone, is_south, row, col, block_row, block_col, kind,
            town; of the later season alone.
    """

    catalogue: Path
    cities: Path
    forms: Path
    changes: Path


def build_catalogue(
    root: Path,
    towns: Sequence[Town] = DEMO_TOWNS,
    n_days: int = len(SUMMER.days),
    bar: Callable[[str, str, int], AbstractContextManager[Any]] | None = None,
    season: Season = SUMMER,
) -> DemoCatalogue:
    """Build the catalogue beside ``root`` and rename it; a complete catalogue of this version is not built again.

    Args:
        root: folder of the catalogue; replaced if it contains another version.
        towns: the towns to draw.
        n_days: number of scenes per town, 1 to 5.
        bar: makes a progress bar that counts towns.
        season: of all scenes; in autumn some blocks have changed.
    """
    built = DemoCatalogue(root / "catalog.json", root / "cities.geojson", root / "forms.csv", root / "changes.csv")
    marker = root / "complete.json"
    made_of = {"version": VERSION, "seed": SEED, "towns": [town.name for town in towns], "n_days": n_days}
    made_of |= {"year": season.year} if season.is_later else {}
    if marker.exists() and json.loads(marker.read_text()) == made_of:
        return built
    new = root.with_name(f"{root.name}-new")  # no dot: pystac takes a folder with a dot for a file
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    collection = _collection(season)
    with (
        ProcessPoolExecutor(N_PROCESSES) as pool,
        bar("demo", "town", len(towns)) if bar else nullcontext() as progress,
    ):
        for items in pool.map(_write_town, *zip(*[(new, town, n_days, season) for town in towns], strict=True)):
            collection.add_items([pystac.Item.from_dict(item) for item in items])
            if progress:
                progress.update(1)
    catalogue = pystac.Catalog("terrakin-demo", "SYNTHETIC imagery of made-up towns", title="terrakin demo (synthetic)")
    catalogue.add_child(collection)
    catalogue.normalize_hrefs(str(new))
    catalogue.make_all_asset_hrefs_relative()
    catalogue.save(pystac.CatalogType.SELF_CONTAINED)
    _write_cities(new / built.cities.name, towns)
    _write_forms(new / built.forms.name, towns)
    if season.is_later:
        _write_changes(new / built.changes.name, towns)
    (new / marker.name).write_text(json.dumps(made_of))
    shutil.rmtree(root, ignore_errors=True)
    new.rename(root)
    return built


def _write_town(root: Path, town: Town, n_days: int, season: Season) -> list[dict[str, Any]]:
    items = []
    for scene in town_scenes(town, SEED, n_days, season):
        # The folder in which normalize_hrefs puts the item.
        folder = root / COLLECTION / scene.item_id
        items.append(write_scene(folder, scene, COLLECTION, is_compressed=False).to_dict(transform_hrefs=False))
    return items


def _collection(season: Season) -> pystac.Collection:
    begin, end = (datetime(season.year, *day, tzinfo=UTC) for day in (season.days[0], season.days[-1]))
    return pystac.Collection(
        COLLECTION,
        "SYNTHETIC pixels in the format of Sentinel-2 L2A: made-up towns at the positions of real cities. "
        "No satellite has recorded them.",
        pystac.Extent(pystac.SpatialExtent([[-180.0, -90.0, 180.0, 90.0]]), pystac.TemporalExtent([[begin, end]])),
        title="Synthetic Sentinel-2 L2A",
        extra_fields={"terrakin:synthetic": True},
    )


def _write_cities(path: Path, towns: Sequence[Town]) -> None:
    features = []
    for town in towns:
        properties = dict(vars(town.city()))
        geometry = mapping(properties.pop("extent"))
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def _write_forms(path: Path, towns: Sequence[Town]) -> None:
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["zone", "is_south", "row", "col", "form", "town"])
        for town in towns:
            for cell, form in town.cells().items():
                writer.writerow([cell.zone, int(cell.is_south), cell.row, cell.col, form, town.name])


def _write_changes(path: Path, towns: Sequence[Town]) -> None:
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["zone", "is_south", "row", "col", "block_row", "block_col", "kind", "town"])
        for town in towns:
            for block in changed_blocks(town, SEED):
                cell = block.cell
                place = (cell.zone, int(cell.is_south), cell.row, cell.col, block.row, block.col)
                writer.writerow([*place, block.kind, town.name])
