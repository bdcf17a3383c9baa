"""The evaluation on real pixels from end to end, with a small catalogue and a simple encoder."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from etl.cities.grid import Cell
from etl.cli.output import progress_bar
from etl.errors import CatalogueError, EncoderError
from etl.evaluation.real import encoders, report, run
from etl.evaluation.real.forms import FormTiles
from etl.evaluation.real.methods import Patches
from etl.evaluation.real.run import RealEvaluation, RealRequest, evaluate_real
from etl.evaluation.real.samples.chips import RealChip, read_catalogue
from etl.evaluation.real.summary import form_figure, summarise
from etl.vectors.aggregation import METHODS
from tests.etl.evaluation.real.builders import StatisticsEncoder, make_chip

N_CHIPS = 6


def make_forms() -> FormTiles:
    chips = np.stack([make_chip(seed, 224, 224).pixels for seed in (1, 1, 1, 2, 2, 2)])
    return FormTiles(
        lambda rows: chips[rows], lambda: Patches(np.empty(0), np.empty(0)), "other weights", 7,
        [Cell(33, False, 100, col) for col in range(6)], np.array([1, 1, 1, 2, 2, 2]), np.array(list("aabbab")),
    )  # fmt: skip


@pytest.fixture(scope="module")
def evaluation() -> RealEvaluation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            run, "read_catalogue", lambda path: [make_chip(i, 224 if i < 2 else 64, 224) for i in range(N_CHIPS)]
        )

        def available(names: Sequence[str], chips: Sequence[RealChip]) -> tuple[list[StatisticsEncoder], list[str]]:
            random = StatisticsEncoder("terramind_v1_base", "random", "cd" * 32)
            return [StatisticsEncoder(), random], ["mosaiks is not measured: a test"]

        patch.setattr(run, "available_encoders", available)
        return evaluate_real(RealRequest(), make_forms(), progress_bar)


def test_every_encoder_and_method_has_every_figure(evaluation: RealEvaluation) -> None:
    summary = summarise(evaluation)
    assert set(summary.rows) == {
        (name, weights, method)
        for name, weights in (("galileo_nano", "pretrained"), ("terramind_v1_base", "random"))
        for method in METHODS
    }
    assert {form_figure("none"), "other half", "quarters"} <= set(summary.random)


def test_perturbed_blocks_find_themselves(evaluation: RealEvaluation) -> None:
    cloud = evaluation.results[0].blocks["mean"]["cloud"]
    assert np.isfinite(cloud).all()
    assert cloud.mean() > 0.3 > 10 * evaluation.random["cloud"].mean()
    shift = evaluation.results[0].blocks["mean"]["shift"]
    assert np.isnan(shift[evaluation.places.col == 6]).all()
    moved = evaluation.results[0].blocks["mean"]["other position"]
    is_query = np.minimum(evaluation.places.row, evaluation.places.col) > 0
    assert np.isnan(moved[~is_query]).all()
    assert (moved[is_query] == 1).all()  # the encoder has no position


def test_equal_encoders_are_not_ahead_by_the_same_method(evaluation: RealEvaluation) -> None:
    same = [c for c in summarise(evaluation).rivals if c.first.split(", ")[1] == c.second.split(", ")[1]]
    assert len(same) == 2
    assert not any(found.is_ahead or found.is_behind for found in same)


def test_the_report_names_random_weights_and_what_is_missing(evaluation: RealEvaluation) -> None:
    page = report.as_html(evaluation)
    assert "terramind_v1_base (RANDOM WEIGHTS)" in page
    assert "galileo_nano (RANDOM" not in page
    assert "mosaiks is not measured" in page
    assert "FEW SAMPLES" in page
    assert page.count("data:image/png") == 1
    found = json.loads(json.dumps(report.as_json(evaluation)))
    assert found["n_blocks"] == len(evaluation.places.chip)
    assert len(found["rows"]) == 2 * len(METHODS)


def test_a_missing_catalogue_is_an_error_that_names_its_path_and_the_option(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=str(tmp_path)) as caught:
        read_catalogue(tmp_path / "catalog.json")
    assert "--no-real" in str(caught.value)


def test_no_encoder_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(choice: object) -> None:
        raise EncoderError("not installed")

    monkeypatch.setattr(encoders, "load_encoder", missing)
    with pytest.raises(EncoderError, match="galileo_nano is not measured"):
        encoders.available_encoders(["galileo_nano"], [])
