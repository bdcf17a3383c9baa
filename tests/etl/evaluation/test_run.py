"""``terrakin evaluate`` over the tiny demo."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import zarr
from click.testing import CliRunner, Result

from db.settings import Settings
from etl.cli.evaluate import evaluate
from etl.errors import EmptyDatabaseError, EtlError, WorkFileError
from etl.evaluation.variations import EARLIER, LATER, SHIFT
from etl.period import Period
from tests.etl.conftest import CommandLine, copy_of

PERIOD = Period(date(2024, 6, 1), date(2024, 8, 31))


@dataclass(frozen=True)
class Evaluated:
    """A database with the tiny demo's tiles that ``terrakin evaluate`` has evaluated once."""

    settings: Settings

    @property
    def report(self) -> str:
        return (self.settings.home / "reports" / "evaluation.html").read_text()

    @property
    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.settings.home / "reports" / "evaluation.json").read_text())
        return found


def environment(settings: Settings) -> dict[str, str]:
    return {"TERRAKIN_HOME": str(settings.home), "DATABASE_URL": settings.database_url or ""}


def run_in_process(settings: Settings) -> Result:
    return CliRunner().invoke(evaluate, ["--no-real"], env=environment(settings))


@pytest.fixture(scope="module")
def evaluated(server_home: Path, finished: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluated]:
    with copy_of(finished, server_home, tmp_path_factory.mktemp("evaluated") / ".terrakin") as settings:
        done = CommandLine(os.environ | environment(settings))("evaluate", "--no-real")
        assert done.returncode == 0, done.stderr
        yield Evaluated(settings)


def test_all_tiles_and_variations_are_measured(evaluated: Evaluated) -> None:
    found = evaluated.figures
    assert (found["encoder"]["weights"], found["n_tiles"], found["n_cities"]) == ("fitted", 12, 3)
    n_tiles = found["n_tiles_by_variation"]
    assert n_tiles[EARLIER] == n_tiles[LATER] > 0
    assert n_tiles[SHIFT] == 12


def test_the_report_contains_its_figures_and_a_warning_about_synthetic_imagery(evaluated: Evaluated) -> None:
    assert "SYNTHETIC" in evaluated.report
    assert evaluated.report.count("data:image/png") == 3


def test_the_same_city_share_of_the_recorded_variant_equals_brute_force(evaluated: Evaluated) -> None:
    with psycopg.connect(evaluated.settings.database_url or "") as conn:
        rows = conn.execute("SELECT city_id, embedding_mean::real[] FROM terrakin.tiles").fetchall()
    cities, vectors = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T - 3 * np.eye(len(unit))
    nearest = np.argsort(-similarity, axis=1)[:, :10]
    share = float((cities[nearest] == cities[:, None]).mean())
    found = evaluated.figures
    (recorded,) = [v for v in found["variants"] if {k: v[k] for k in found["recorded"]} == found["recorded"]]
    assert recorded["figures"]["same_city_share"] == pytest.approx(share, abs=1e-6)


def test_a_lost_catalogue_is_an_error_that_names_it_and_keeps_the_old_report(evaluated: Evaluated) -> None:
    before = evaluated.figures
    attributes = zarr.open_group(next((evaluated.settings.home / "work").rglob("composite.zarr")), mode="r+").attrs
    catalogue = attributes["stac_url"]
    attributes["stac_url"] = "/gone/catalog.json"
    try:
        failed = run_in_process(evaluated.settings)
    finally:
        attributes["stac_url"] = catalogue
    assert isinstance(failed.exception, EtlError)
    assert "/gone/catalog.json" in str(failed.exception)
    assert "--no-dates" in str(failed.exception)
    assert evaluated.figures == before


def test_missing_work_files_are_an_error_that_names_them_and_keeps_the_old_report(evaluated: Evaluated) -> None:
    before = evaluated.figures
    patches = next((evaluated.settings.home / "work").rglob("patches.zarr"))
    moved = patches.rename(patches.with_name("moved"))
    try:
        failed = run_in_process(evaluated.settings)
    finally:
        moved.rename(patches)
    assert isinstance(failed.exception, WorkFileError)
    assert "patches.zarr" in str(failed.exception)
    assert "terrakin etl embed" in str(failed.exception)
    assert evaluated.figures == before


def test_an_empty_database_is_an_error_that_names_the_command_that_fills_it(database: Settings) -> None:
    failed = run_in_process(database)
    assert isinstance(failed.exception, EmptyDatabaseError)
    assert "`terrakin etl run`" in str(failed.exception)
