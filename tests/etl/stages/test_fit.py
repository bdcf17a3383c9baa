"""The fit of a post-processing: which tiles it uses, what it records, and when it is due again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import MultiPolygon, box

from db.connect import connect
from db.settings import Settings
from etl.cities.city import City
from etl.cities.grid import Cell, assign_cells, tile_id
from etl.errors import PostProcessingError
from etl.period import Period
from etl.stages import block_positions, texture
from etl.stages.bias import BiasRequest
from etl.stages.fit import check_post_processing, fit, is_refit_due, post_processing
from etl.stages.patches import sample_of_cities
from etl.stages.texture import with_texture
from etl.store.encoder import EncoderRecord, read_encoder, write_encoder
from etl.store.patches import read_patches
from etl.store.work_files import PATCHES, read_array, read_attributes, write_arrays
from etl.tasks.job import Job
from etl.tasks.ledger import Ledger
from etl.vectors.post_processing import PostProcessing
from etl.vectors.texture import fit_texture, patch_std

DIMENSION, N_PATCHES = 64, 196
JUNE, JULY = Period(date(2024, 6, 1), date(2024, 6, 30)), Period(date(2024, 7, 1), date(2024, 7, 31))


class NoBar:
    """A progress bar that draws nothing."""

    def update(self, n: int = 1) -> None:
        """Advance."""


@contextmanager
def no_bar(stage: str, unit: str, total: int) -> Iterator[NoBar]:
    """Make a bar that draws nothing."""
    yield NoBar()


def make_city(city_id: int, lon: float, is_synthetic: bool) -> City:
    extent = MultiPolygon([box(lon, 45, lon + 0.06, 45.06)])
    return City(city_id, f"city {city_id}", "IT", "Italy", "Europe", None, lon + 0.03, 45.03, extent, is_synthetic)


REAL = [make_city(1, 9.0, False), make_city(2, 9.5, False)]
TOWNS = [make_city(-1, 10.0, True)]


class World:
    """Jobs over a database and patches that are drawn per city and period: equal cities, equal patches."""

    def __init__(self, settings: Settings, conn: Any) -> None:
        self.settings, self.conn = settings, conn

    def job(self, cities: list[City], period: Period = JUNE) -> Job:
        cells = assign_cells(cities)
        ledger = Ledger(self.conn, period, "host:1:1", "folder")
        job = Job(self.settings, self.conn, ledger, cities, cells, no_bar)
        for city in cities:
            write_patches(job.path(city.city_id, PATCHES), cells[city.city_id], period, city)
        return job


def write_patches(path: Path, cells: list[Cell], period: Period, city: City) -> None:
    rng = np.random.default_rng((abs(city.city_id), period.month))
    n = len(cells)
    spread, shift = (5, 3) if city.is_synthetic else (rng.uniform(0.5, 2, (n, 1, DIMENSION)), 0)
    share = rng.random((n, N_PATCHES)).astype(np.float32)
    share[:, :2] = 1
    arrays = {
        "tile_id": np.array([tile_id(cell, period.start) for cell in cells]),
        "embedding": (rng.normal(size=(n, N_PATCHES, DIMENSION)) * spread + shift).astype(np.float16),
        "patch_valid_share": share,
    }
    encoder = {"encoder": "galileo_nano", "weights": "pretrained", "weights_sha256": "ab" * 32}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, arrays, encoder | {"made_from": "x", "default_method": "mean_std"})


@pytest.fixture
def world(database: Settings) -> Iterator[World]:
    with connect(database, "etl", autocommit=True) as conn:
        yield World(database, conn)


def test_synthetic_towns_change_nothing_where_there_are_real_tiles(world: World) -> None:
    alone = [world.job(REAL)]
    both = [world.job([*TOWNS, *REAL]), world.job(TOWNS, JULY)]
    for method in ("standardised", "all_but_the_top"):
        expected, found = (with_texture(jobs, fit(jobs, method)) for jobs in (alone, both))
        assert found.to_json() == expected.to_json()
        assert found.fitted_on == "real"
        assert found.n_tiles == sum(len(cells) for cells in assign_cells(REAL).values())
        assert PostProcessing.from_json(found.to_json()).to_json() == found.to_json()


def test_without_real_tiles_synthetic_ones_are_fitted(world: World) -> None:
    fitted = fit([world.job(TOWNS)], "centred")
    assert fitted.fitted_on == "synthetic"
    assert fitted.mean.mean() == pytest.approx(3, abs=0.1)


def test_the_texture_is_fitted_to_the_valid_patches_of_a_repeatable_sample(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [world.job(REAL), world.job(REAL[:1], JULY)]
    processing = replace(fit(jobs, "standardised"), excluded_dimensions=(3, 40))
    whole = with_texture(jobs, processing).texture
    assert whole is not None
    deviations = []
    for job in jobs:
        for city in job.cities:
            patches, is_valid = read_patches(job.path(city.city_id, PATCHES))
            deviations += [patch_std(processing.apply(p[v])) for p, v in zip(patches, is_valid, strict=True)]
    expected = fit_texture(np.stack(deviations))
    np.testing.assert_array_equal(whole.mean, expected.mean)
    np.testing.assert_array_equal(whole.std, expected.std)
    np.testing.assert_array_equal(whole.mean[[3, 40]], 0)

    monkeypatch.setattr(texture, "N_TILES", 5)
    few, again = (with_texture(jobs, processing).texture for _ in range(2))
    assert few is not None
    assert again is not None
    np.testing.assert_array_equal(few.mean, again.mean)
    weights, *_ = np.linalg.lstsq(np.stack(deviations).T, few.mean, rcond=None)
    np.testing.assert_allclose(np.sort(weights)[::-1], [0.2] * 5 + [0] * (len(deviations) - 5), atol=1e-3)


def test_a_sample_of_cities_is_whole_repeatable_and_real_first(world: World) -> None:
    jobs = [world.job([*TOWNS, *REAL]), world.job(REAL[:1], JULY)]

    def sample(n_most: int) -> list[tuple[Period, int]]:
        return [(job.period, c.city_id) for job in sample_of_cities(jobs, n_most) for c in job.cities]

    assert sorted(sample(10**9), key=str) == sorted([(JUNE, -1), (JUNE, 1), (JUNE, 2), (JULY, 1)], key=str)
    assert sample(1) == sample(1)
    assert len(sample(1)) == 1
    n_real = sum(len(job.cells[city.city_id]) for job in jobs for city in job.cities if not city.is_synthetic)
    assert all(city_id > 0 for _, city_id in sample(n_real))
    assert len(sample(n_real)) == 3
    assert len(sample(n_real + 1)) == 4


def test_the_first_run_records_encoder_default_method_and_texture(world: World) -> None:
    made = post_processing([world.job(REAL), world.job(TOWNS, JULY)])
    stored = read_encoder(world.conn)
    assert stored is not None
    assert (stored.name, stored.default_method) == ("galileo_nano", "mean_std")
    assert stored.post_processing.to_json() == made.to_json()
    assert made.texture is not None
    assert made.method == "standardised"
    assert made.fitted_on == "real"


def test_removal_is_fitted_to_real_tiles_alone_and_precedes_the_texture(world: World, tmp_path: Path) -> None:
    request = BiasRequest(tmp_path / "report.html", removal="leace")
    made = post_processing([world.job([*TOWNS, *REAL])], "centred", request)
    assert made.removal is not None
    assert "city given kind" in made.removal.labels
    assert made.texture is not None
    alone = with_texture([world.job(REAL)], replace(made, texture=None))
    assert made.to_json() == alone.to_json()
    # Two cities differ in one direction; with the town, there would be two.
    assert len(made.removal.measure) == 1


def test_a_run_with_real_tiles_warns_once_if_synthetic_ones_were_fitted(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    made = post_processing([world.job(TOWNS)])
    with caplog.at_level(logging.WARNING):
        post_processing([world.job(TOWNS)])
        assert not caplog.records
        later = post_processing([world.job([*TOWNS, *REAL]), world.job(REAL, JULY)])
    assert later.to_json() == made.to_json()
    (record,) = caplog.records
    assert "terrakin etl bias --removal none" in record.getMessage()
    assert not is_refit_due(fit([world.job(REAL)], "raw"), [world.job(REAL)])


def test_a_database_without_texture_asks_for_its_vectors_to_be_made_again(world: World) -> None:
    old = replace(fit([world.job(TOWNS)], "centred"), fitted_on=None, n_tiles=None)
    write_encoder(world.conn, EncoderRecord("mosaiks", "fitted", "ab" * 32, old))
    with pytest.raises(PostProcessingError, match="terrakin etl bias --removal none"):
        check_post_processing(world.conn, None, None)


def test_block_positions_are_fitted_to_a_sample_of_the_real_tiles(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.vectors.bias.block_positions.MIN_TILES", 8)
    alone, both = [world.job(REAL)], [world.job([*TOWNS, *REAL]), world.job(TOWNS, JULY)]
    effect = np.zeros((14, 14, DIMENSION))
    effect[:, ::2, 5] = 4
    effect[:6, :, 9] = 4
    for city in REAL:
        plant(alone[0].path(city.city_id, PATCHES), effect.reshape(196, DIMENSION))
    expected, found = (post_processed(jobs) for jobs in (alone, both))
    assert expected.to_json() == found.to_json()
    positions = found.block_positions
    assert positions is not None
    assert PostProcessing.from_json(found.to_json()).to_json() == found.to_json()
    by_row = positions.rows[:, 9] - positions.rows[:, 9].mean()
    assert (by_row[:3] > 0.5).all()
    assert (by_row[3:] < 0).all()
    monkeypatch.setattr(block_positions, "N_TILES", 5)
    assert post_processed(alone).block_positions is None


def plant(path: Path, effect: np.ndarray) -> None:
    """Add an effect to all patches of a work file, which are then all valid."""
    arrays = {name: read_array(path, name) for name in ("tile_id", "embedding", "patch_valid_share")}
    arrays["embedding"] = (arrays["embedding"] + effect).astype(np.float16)
    arrays["patch_valid_share"] = np.ones_like(arrays["patch_valid_share"])
    write_arrays(path, arrays, read_attributes(path) or {})


def post_processed(jobs: list[Job]) -> PostProcessing:
    return block_positions.with_block_positions(jobs, fit(jobs, "standardised"))
