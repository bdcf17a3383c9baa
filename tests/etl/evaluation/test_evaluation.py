"""The evaluation: changed pixels, figures and scores against answers by hand, and the command over the tiny demo."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import psycopg
import pystac
import pytest
import zarr

from db.settings import Settings
from etl.cities.grid import TILE_PX
from etl.demo.catalogue import DemoCatalogue
from etl.evaluation import report
from etl.evaluation.figures import Figures, Place, figures_of
from etl.evaluation.other_dates import split
from etl.evaluation.perturbations import SHIFT_PX, band_statistics, shift_inwards, with_gain
from etl.evaluation.run import Evaluation
from etl.evaluation.score import WEIGHTS, margin, ranked, score
from etl.evaluation.variants import ALL, BASELINE_VARIANT, Variant
from etl.evaluation.variations import CHANGES, EARLIER, LATER
from etl.imagery.quality import OffsetDecision
from etl.imagery.selection import Scene
from etl.store.encoder import EncoderRecord
from etl.vectors.post_processing import PostProcessing
from tests.etl.conftest import CommandLine, run_arguments

MEAN = Variant("standardised", "none", "mean")
MEDIAN = Variant("standardised", "none", "median")


def test_a_gain_keeps_nodata_and_never_wraps() -> None:
    chips = np.array([0, 1, 1000, 60_000], np.uint16)
    assert with_gain(chips, 0.8).tolist() == [0, 1, 800, 48_000]
    assert with_gain(chips, 1.2).tolist() == [0, 1, 1200, 65_535]
    assert with_gain(np.array([1], np.uint16), 0.1).tolist() == [1]


def test_a_shifted_tile_stays_in_its_citys_image() -> None:
    for n in (2, 3, 5):
        for i in range(n):
            shift = shift_inwards(i * TILE_PX, n * TILE_PX)
            assert shift is not None
            assert abs(shift) == SHIFT_PX
            assert 0 <= i * TILE_PX + shift <= (n - 1) * TILE_PX
    assert shift_inwards(0, TILE_PX) is None


def test_band_statistics_leave_nodata_out() -> None:
    rng = np.random.default_rng(1)
    chips = rng.integers(1, 10_000, (3, 12, 8, 8)).astype(np.uint16)
    expected = np.concatenate([chips.mean(axis=(2, 3)), chips.std(axis=(2, 3))], axis=1)
    np.testing.assert_allclose(band_statistics(chips), expected, rtol=1e-6)
    chips[0, 3, :4] = 0  # one band is enough
    seen = chips[0, :, 4:]
    np.testing.assert_allclose(band_statistics(chips)[0, :12], seen.mean(axis=(1, 2)), rtol=1e-6)


def scene(day: date) -> Scene:
    taken = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    item = pystac.Item(day.isoformat(), None, None, taken, {})
    return Scene(item, OffsetDecision(0, 0, None), np.ones((1, 1), bool), np.zeros((1, 1), bool), None)


def test_scenes_are_split_by_day_and_none_is_in_both_halves() -> None:
    days = [date(2024, 6, day) for day in (1, 1, 6, 11, 16, 21)]
    halves = split([scene(day) for day in days], lon=0)
    assert halves
    assert [[s.item.id[-2:] for s in half] for half in halves] == [["01", "01", "06"], ["11", "16", "21"]]
    assert split([scene(days[0]), scene(days[1])], lon=0) is None


def small_world() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], Place]:
    """Twelve tiles of three cities that lie apart, each in a direction of its own."""
    every = np.eye(12, 16, dtype=np.float32)
    rows = {name: np.arange(12) for name in (EARLIER, LATER, *CHANGES)}
    cities = np.repeat([1, 2, 3], 4)
    forms = np.array(["park", "coast", "", "park"] * 3)
    place = Place(cities, np.repeat([0.0, 40, 80], 4), np.zeros(12), forms)
    return {ALL: every} | {name: every.copy() for name in rows}, rows, place


def test_figures_of_vectors_that_are_found_again_are_one() -> None:
    vectors, rows, place = small_world()
    # Two tiles of every city and form share a direction across cities: all of their form come first.
    for i, form in enumerate(place.forms if place.forms is not None else []):
        vectors[ALL][i, 12:] = {"park": [3, 0, 0, 0], "coast": [0, 3, 0, 0], "": [0, 0, 0, 0]}[form]
    vectors[ALL] += np.random.default_rng(1).normal(0, 0.01, vectors[ALL].shape)  # no two are equally alike
    for name in rows:
        vectors[name] = vectors[ALL].copy()
    found = figures_of(vectors, rows, place)
    for name in ("form_map", "form_map_other_cities", "other_date_mrr", "gain_0_8_mrr", "shift_20_px_cosine"):
        assert found.figures[name] == pytest.approx(1), name
    # Of six parks a tile has five, in ten candidates; in other cities four of six.
    assert found.figures["form_precision_at_10_other_cities"] < 1
    assert {name: float(np.nanmean(values)) for name, values in found.parts.items()} == {
        "form": pytest.approx(1),
        "same_place": pytest.approx(1),
        "stability": pytest.approx(1),
        "other_cities": pytest.approx(1 - found.figures["same_city_share"]),
    }
    assert np.isnan(found.parts["form"][2])


def test_a_look_that_resembles_other_tiles_is_not_found() -> None:
    vectors, rows, place = small_world()
    vectors[CHANGES[0]] = np.roll(vectors[ALL], 1, axis=0)  # every tile resembles its neighbour
    vectors[EARLIER] = vectors[EARLIER][:3]
    rows[EARLIER] = rows[EARLIER][:3]
    vectors[LATER] = np.roll(vectors[ALL], 1, axis=0)
    found = figures_of(vectors, rows, replace(place, forms=None))
    # All others tie with it, at similarity 0, and ties count against it.
    assert found.figures["gain_0_8_mrr"] == pytest.approx(1 / 12)
    assert found.figures["gain_0_8_cosine"] == pytest.approx(0)
    assert found.figures["other_date_mrr"] == pytest.approx(1 / 12)
    assert found.parts["stability"][0] == pytest.approx((1 / 12 + 1 + 1) / 3)
    assert np.isnan(found.parts["same_place"][3])
    assert "form" not in found.parts


def made_up(quality: float, n: int = 40, spread: float = 0.05, seed: int = 1) -> Figures:
    values = np.random.default_rng(seed).normal(quality, spread, n)
    return Figures({"same_city_share": 0.5, "form_map_other_cities": quality}, dict.fromkeys(WEIGHTS, values))


def test_the_score_is_the_weighted_mean_of_what_was_measured() -> None:
    parts = {"form": np.array([1.0, np.nan]), "same_place": np.array([0.0, 0.5]), "stability": np.full(2, np.nan)}
    assert score(Figures({}, parts)) == pytest.approx((0.4 * 1 + 0.3 * 0.25) / 0.7)
    measured = {MEAN: made_up(0.4), MEDIAN: made_up(0.6)}
    assert [variant for variant, _ in ranked(measured)] == [MEDIAN, MEAN]


def test_a_margin_is_sure_only_where_it_is_larger_than_chance() -> None:
    cities = np.repeat(np.arange(10), 4)
    sure = margin(made_up(0.8), made_up(0.6, seed=2), cities)
    assert sure.low < 0.2 < sure.high
    assert sure.is_sure
    chance = margin(made_up(0.6, spread=0.3), made_up(0.6, spread=0.3, seed=2), cities)
    assert chance.low < 0 < chance.high
    assert not chance.is_sure
    assert margin(made_up(0.6), made_up(0.6), cities).difference == 0


def evaluation(weights: str) -> Evaluation:
    measured = {BASELINE_VARIANT: made_up(0.5), MEAN: made_up(0.7), MEDIAN: made_up(0.9)}
    measured[Variant("raw", "none", "mean")] = made_up(0.6)
    encoder = EncoderRecord("terramind_v1_base", weights, "ab" * 32, PostProcessing("raw", np.zeros(2), np.ones(2)))
    notes = {"other dates": "none", "excluded dimensions": "none"}
    recorded = Variant("raw", "none", "mean")
    cities = np.repeat(np.arange(10), 4)
    return Evaluation(encoder, False, recorded, measured, ranked(measured), cities, None, {"gain 0.8": 40}, notes)


def test_the_report_recommends_the_best_form_that_has_an_index() -> None:
    found = report.as_json(evaluation("pretrained"), datetime.now(UTC))
    assert found["recommended"] is not None
    assert {name: found["recommended"][name] for name in vars(MEAN)} == vars(MEAN)
    assert found["recommended"]["margin_over_recorded"]["difference"] == pytest.approx(0.1, abs=0.02)
    assert found["variants"][0]["method"] == "median"


def test_random_weights_are_never_shown_as_quality(tmp_path: Path) -> None:
    page_path, json_path = report.write(evaluation("random"), tmp_path)
    page, found = page_path.read_text(), json.loads(json_path.read_text())
    assert "RANDOM WEIGHTS" in page
    assert "Best as a default" not in page
    assert "<th>score</th>" not in page
    assert (found["is_quality"], found["recommended"]) == (False, None)
    assert not any("score" in variant for variant in found["variants"])
    sound = report.write(evaluation("pretrained"), tmp_path)[0].read_text()
    assert "RANDOM WEIGHTS" not in sound
    assert "Best as a default" in sound


def test_the_command_measures_a_database(
    database: Settings, tiny_demo: DemoCatalogue, command_line: Callable[..., CommandLine]
) -> None:
    terrakin = command_line(database.home, database.database_url or "")
    empty = terrakin("evaluate")
    assert empty.returncode == 1
    assert "terrakin etl run" in empty.stderr
    assert terrakin(*run_arguments(tiny_demo)).returncode == 0
    done = terrakin("evaluate")
    assert done.returncode == 0, done.stderr
    folder = database.home / "reports"
    found = json.loads((folder / "evaluation.json").read_text())
    page = (folder / "evaluation.html").read_text()
    assert "SYNTHETIC" in page
    assert page.count("data:image/png") == 3
    assert (found["encoder"]["weights"], found["n_tiles"], found["n_cities"]) == ("fitted", 12, 3)
    assert found["n_looks"][EARLIER] == found["n_looks"][LATER] > 0
    assert found["n_looks"]["shift 20 px"] == 12
    check_against_the_stored_vectors(database.database_url or "", found)
    before = (folder / "evaluation.json").read_bytes()
    composite = next((database.home / "work").rglob("composite.zarr"))
    zarr.open_group(composite, mode="r+").attrs["stac_url"] = "/gone/catalog.json"
    lost = terrakin("evaluate")
    assert lost.returncode == 1
    assert "/gone/catalog.json does not exist" in lost.stderr
    assert "--no-dates" in lost.stderr
    shutil.rmtree(next((database.home / "work").rglob("patches.zarr")))
    absent = terrakin("evaluate")
    assert absent.returncode == 1
    assert "patches.zarr" in absent.stderr
    assert (folder / "evaluation.json").read_bytes() == before


def check_against_the_stored_vectors(url: str, found: dict[str, object]) -> None:
    """The leak of the recorded form, from the vectors in the database."""
    with psycopg.connect(url) as conn:
        rows = conn.execute("SELECT city_id, embedding_mean::real[] FROM terrakin.tiles").fetchall()
    cities, vectors = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T - 3 * np.eye(len(unit))
    nearest = np.argsort(-similarity, axis=1)[:, :10]
    share = float((cities[nearest] == cities[:, None]).mean())
    variants = found["variants"]
    assert isinstance(variants, list)
    (own,) = [v for v in variants if {k: v[k] for k in ("post_processing", "removal", "method")} == found["recorded"]]
    assert own["figures"]["same_city_share"] == pytest.approx(share, abs=1e-6)
