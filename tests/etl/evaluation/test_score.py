"""Scores by hand, and margins of known size."""

import numpy as np
import pytest

from etl.evaluation.figures import Figures
from etl.evaluation.score import best_of, margin, ranked, score
from tests.etl.evaluation.builders import CITIES, MEAN, MEDIAN, make_figures


def test_the_score_is_the_weighted_mean_of_the_measured_parts() -> None:
    parts = {"form": np.array([1.0, np.nan]), "same_place": np.array([0.0, 0.5]), "stability": np.full(2, np.nan)}
    assert score(Figures({}, parts)) == pytest.approx((0.4 * 1 + 0.3 * 0.25) / 0.7)


def test_variants_are_ranked_by_score() -> None:
    order = ranked({MEAN: make_figures(0.4), MEDIAN: make_figures(0.6)})
    assert [variant for variant, _ in order] == [MEDIAN, MEAN]
    assert best_of(order, ["mean", "dominant"]) == MEAN


def test_a_margin_is_significant_only_if_its_interval_excludes_0() -> None:
    large = margin(make_figures(0.8), make_figures(0.6, seed=2), CITIES)
    assert large.low < 0.2 < large.high
    assert large.is_significant
    small = margin(make_figures(0.6, spread=0.3), make_figures(0.6, spread=0.3, seed=2), CITIES)
    assert small.low < 0 < small.high
    assert not small.is_significant
    assert margin(make_figures(0.6), make_figures(0.6), CITIES).difference == 0
