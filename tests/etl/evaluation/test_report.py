"""The report of an evaluation."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.evaluation import report
from tests.etl.evaluation.builders import MEAN, make_evaluation


def test_the_best_variant_that_can_be_the_default_is_recommended() -> None:
    found = report.as_json(make_evaluation("pretrained"), datetime.now(UTC))
    assert found["recommended"] is not None
    assert {name: found["recommended"][name] for name in vars(MEAN)} == vars(MEAN)
    assert found["recommended"]["margin_over_recorded"]["difference"] == pytest.approx(0.1, abs=0.02)
    assert found["variants"][0]["aggregation"] == "median"


def test_pretrained_weights_are_ranked(tmp_path: Path) -> None:
    page = report.write(make_evaluation("pretrained"), tmp_path)[0].read_text()
    assert "RANDOM WEIGHTS" not in page
    assert "Best default" in page
    assert "<th>score</th>" in page


def test_random_weights_are_never_ranked(tmp_path: Path) -> None:
    page_path, json_path = report.write(make_evaluation("random"), tmp_path)
    page, found = page_path.read_text(), json.loads(json_path.read_text())
    assert "RANDOM WEIGHTS" in page
    assert "Best default" not in page
    assert "<th>score</th>" not in page
    assert (found["is_quality"], found["recommended"]) == (False, None)
    assert not any("score" in variant for variant in found["variants"])
