"""One run over ten towns, each with something wrong in its scenes, and what each of them got."""

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import rasterio

from etl.demo.catalogue import COLLECTION, build_catalogue
from etl.demo.towns import DEMO_TOWNS, TINY_A
from tests.conftest import cloned_database
from tests.etl.conftest import N_DAYS, InThisProcess, environment, run_arguments

TOWNS = tuple(replace(town, plan=TINY_A) for town in DEMO_TOWNS)
SCENES = """
    SELECT s ->> 'item_id', s ->> 'refused'
    FROM terrakin.composites AS m JOIN terrakin.cities AS c USING (city_id), jsonb_array_elements(m.scenes) AS s
    WHERE c.name = %s
"""
SHARES = "SELECT t.valid_share FROM terrakin.tiles AS t JOIN terrakin.cities AS c USING (city_id) WHERE c.name = %s"
CLOUD = (3, 8, 9, 10)
"""Classes of SCL: cloud shadow, cloud of medium and high probability, cirrus."""
Damage = Callable[[Path], None]
"""Damages the scene whose folder it is given."""


def truncated(n_bytes: int | None) -> Damage:
    """Leave ``n_bytes`` of a band, or half of it."""

    def damage(folder: Path) -> None:
        content = (folder / "B08.tif").read_bytes()
        (folder / "B08.tif").write_bytes(content[: len(content) // 2 if n_bytes is None else n_bytes])

    return damage


def edited(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """Change a scene's STAC item."""

    def damage(folder: Path) -> None:
        path = folder / f"{folder.name}.json"
        item = json.loads(path.read_text())
        change(item)
        path.write_text(json.dumps(item))

    return damage


def redrawn(band: str, change: Callable[[np.ndarray], np.ndarray]) -> Damage:
    """Replace the pixels of a COG."""

    def damage(folder: Path) -> None:
        path = folder / f"{band}.tif"
        with rasterio.open(path) as source:
            pixels = source.read(1)
            profile = {
                key: source.profile[key] for key in ("crs", "transform", "nodata", "dtype", "count", "height", "width")
            }
        with rasterio.open(path, "w", driver="COG", compress="deflate", blocksize=256, **profile) as target:
            target.write(change(pixels).astype(profile["dtype"]), 1)

    return damage


without_scl = edited(lambda item: item["assets"].pop("scl"))
REFUSED: dict[tuple[str, int], tuple[Damage, str]] = {
    ("Lisbon", 0): (truncated(0), "B08.tif"),
    ("Lisbon", 1): (truncated(1000), "B08.tif"),
    ("Rotterdam", 0): (truncated(None), "B08.tif"),
    ("Rotterdam", 1): (edited(lambda item: item["assets"]["nir"].update({"href": "absent.tif"})), "absent.tif"),
    ("Casablanca", 0): (without_scl, "no asset scl"),
    ("Casablanca", 1): (
        edited(lambda item: item["properties"].update({"s2:processing_baseline": "latest"})), "baseline 'latest'",
    ),
    ("Mombasa", 0): (edited(lambda item: item["assets"]["red"].update({"raster:scale": 0.001})), "scale 0.001"),
    ("Mombasa", 1): (edited(lambda item: item["assets"]["red"].update({"raster:scale": "none"})), "no number"),
    # 17 % of its pixels are saturated.
    ("Osaka", 0): (
        redrawn("B04", lambda dn: np.where(np.indices(dn.shape)[0] % 48 < 8, 65535, dn)),
        "has saturated, defective or impossible values in 1",
    ),
}  # fmt: skip
"""Town and day of a scene, what is done to it, and why it is refused."""


def south_west(pixels: np.ndarray, side: int) -> np.ndarray:
    """Return True in the south-western corner of an image."""
    rows, columns = np.indices(pixels.shape)
    return (rows >= len(pixels) - side) & (columns < side)


def with_cloud_on_a_tile(scl: np.ndarray) -> np.ndarray:
    scl[:124, :124] = 9  # the scene's margin of 12 px, then the north-western tile
    return scl


def with_roofs(scl: np.ndarray) -> np.ndarray:
    """Make 100 roofs of 40 m, 3 % of the north-western tile, cloud on every day."""
    for row, column in np.random.default_rng(3).integers(8, 114, (100, 2)):
        scl[row : row + 2, column : column + 2] = 9
    return scl


def with_noise(dn: np.ndarray) -> np.ndarray:
    """Return water in the south-western tile whose reflectance is noise around 0, clipped to 0."""
    noise = np.random.default_rng(1).normal(5, 30, dn.shape).round()
    return np.where(south_west(dn, 118 * len(dn) // 236), np.maximum(noise, 0), dn)


ON_EVERY_DAY: dict[str, list[Damage]] = {
    "Mumbai": [without_scl],
    "Santos": [redrawn("SCL", with_cloud_on_a_tile)],
    "Vancouver": [redrawn("SCL", with_roofs)],
    "Houston": [
        redrawn("SCL", lambda scl: np.where(south_west(scl, 118), 6, scl)),
        *(redrawn(band, with_noise) for band in ("B08", "B8A", "B11", "B12")),
    ],
}


@dataclass(frozen=True)
class Run:
    """A finished run over the damaged scenes.

    Attributes:
        terrakin: runs commands over its home and database.
        home: its home.
        conn: connection to its database.
        scenes: folders of each town's scenes by day.
        arguments: those of the run.
        done: what it answered.
    """

    terrakin: InThisProcess
    home: Path
    conn: psycopg.Connection[Any]
    scenes: dict[str, list[Path]]
    arguments: list[str]
    done: subprocess.CompletedProcess[str]

    def reasons(self, town: str) -> dict[str, str | None]:
        """Return why each scene of a town was refused, None where it is used."""
        return dict(self.conn.execute(SCENES, (f"{town} (synthetic)",)).fetchall())

    def valid_shares(self, town: str) -> list[float]:
        """Return the share of clear pixels in each tile of a town."""
        return [share for (share,) in self.conn.execute(SHARES, (f"{town} (synthetic)",))]


@pytest.fixture(scope="module")
def run(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("damaged")
    demo = build_catalogue(folder / "demo", TOWNS, N_DAYS)
    scenes = {
        town.name: sorted((folder / "demo" / COLLECTION).glob(f"SYNTHETIC_{town.name.upper()}_*")) for town in TOWNS
    }
    # What is missing is missing for the damage alone.
    for scene in itertools.chain(*scenes.values()):
        redrawn("SCL", lambda scl: np.where(np.isin(scl, CLOUD), 4, scl))(scene)
    # One block of saturated pixels, too few to refuse the scene.
    redrawn("B04", lambda dn: np.where(south_west(dn, 20), 65535, dn))(scenes["Osaka"][1])
    for (town, day), (damage, _) in REFUSED.items():
        damage(scenes[town][day])
    for town, damages in ON_EVERY_DAY.items():
        for scene in scenes[town]:
            for damage in damages:
                damage(scene)
    with cloned_database(server_home) as url:
        home = folder / ".terrakin"
        terrakin = InThisProcess(environment(home, url))
        arguments = run_arguments(demo, "--widen-days", "0", "--without-layout")
        done = terrakin(*arguments)
        with psycopg.connect(url) as conn:
            yield Run(terrakin, home, conn, scenes, arguments, done)


@pytest.mark.parametrize(("town", "day"), REFUSED)
def test_a_damaged_scene_is_refused_with_the_reason(run: Run, town: str, day: int) -> None:
    reason = run.reasons(town)[run.scenes[town][day].name]
    assert REFUSED[town, day][1] in str(reason)


@pytest.mark.parametrize("town", sorted({town for town, _ in REFUSED}))
def test_a_damaged_scene_costs_no_city_and_no_other_scene(run: Run, town: str) -> None:
    damaged = {run.scenes[town][day].name for name, day in REFUSED if name == town}
    assert {scene for scene, reason in run.reasons(town).items() if reason} == damaged
    assert len(run.reasons(town)) == N_DAYS
    assert len(run.valid_shares(town)) == 4


def test_a_city_without_a_usable_scene_fails_and_no_other(run: Run) -> None:
    assert run.done.returncode == 1
    first = run.scenes["Mumbai"][0].name
    line = run.done.stderr.strip().splitlines()[-1]
    assert line.startswith("terrakin: error: ")
    assert "1 of 10 cities" in line
    assert f"Mumbai (synthetic): no scene is usable: {first} item {first} has no asset scl" in line
    assert not list((run.home / "work" / "-1275339").rglob("composite.zarr*"))
    status = run.terrakin("etl", "status").stdout
    assert "failed: Mumbai (synthetic), composite, attempt 1: " in status


def test_a_tile_that_is_cloudy_on_every_day_is_left_out_and_counted(run: Run) -> None:
    assert len(run.valid_shares("Santos")) == 3
    counted = "tiles of 2024-06-01/2024-08-31: 35 embedded; left out: 1 too cloudy, 0 covered too little by imagery"
    again = run.terrakin(*run.arguments, "--city", "Santos (synthetic)")
    assert again.returncode == 0, again.stderr
    assert again.stderr.splitlines()[-1] == counted
    assert counted in run.terrakin("etl", "status").stdout


def test_water_whose_infrared_was_clipped_to_zero_is_data(run: Run) -> None:
    shares = run.valid_shares("Houston")
    assert len(shares) == 4
    assert min(shares) > 0.98


def test_roofs_that_are_cloud_on_every_day_cost_their_own_pixels_only(run: Run) -> None:
    shares = run.valid_shares("Vancouver")
    assert len(shares) == 4
    assert 0.96 < min(shares) < 0.98
