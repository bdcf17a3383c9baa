"""Figures of vectors whose neighbours are known by construction."""

from dataclasses import replace

import numpy as np
import pytest

from etl.evaluation.figures import Truth, figures_of
from etl.evaluation.variants import ALL
from etl.evaluation.variations import EARLIER, LATER, PERTURBATIONS


def make_world() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], Truth]:
    """Return vectors, rows and truth of twelve orthogonal tiles in three distant cities; variations change nothing."""
    every = np.eye(12, 16, dtype=np.float32)
    rows = {name: np.arange(12) for name in (EARLIER, LATER, *PERTURBATIONS)}
    cities = np.repeat([1, 2, 3], 4)
    forms = np.array(["park", "coast", "", "park"] * 3)
    truth = Truth(cities, np.repeat([0.0, 40, 80], 4), np.zeros(12), forms)
    return {ALL: every} | {name: every.copy() for name in rows}, rows, truth


def test_figures_of_perfect_retrieval_are_1() -> None:
    vectors, rows, truth = make_world()
    assert truth.forms is not None
    for i, form in enumerate(truth.forms):  # tiles of the same form are similar across cities
        vectors[ALL][i, 12:] = {"park": [3, 0, 0, 0], "coast": [0, 3, 0, 0], "": [0, 0, 0, 0]}[form]
    vectors[ALL] += np.random.default_rng(1).normal(0, 0.01, vectors[ALL].shape)  # no ties
    for name in rows:
        vectors[name] = vectors[ALL].copy()
    found = figures_of(vectors, rows, truth)
    for name in ("form_map", "form_map_other_cities", "other_date_mrr", "gain_0_8_mrr", "shift_20_px_cosine"):
        assert found.figures[name] == pytest.approx(1), name
    # A park has four parks among its ten neighbours in other cities at most.
    assert found.figures["form_precision_at_10_other_cities"] < 1
    assert {name: float(np.nanmean(values)) for name, values in found.parts.items()} == {
        "form": pytest.approx(1),
        "same_place": pytest.approx(1),
        "stability": pytest.approx(1),
        "other_cities": pytest.approx(1 - found.figures["same_city_share"]),
    }
    assert np.isnan(found.parts["form"][2])


def test_variations_that_resemble_other_tiles_are_not_retrieved() -> None:
    vectors, rows, truth = make_world()
    vectors[PERTURBATIONS[0]] = np.roll(vectors[ALL], 1, axis=0)  # every tile resembles another one
    vectors[EARLIER] = vectors[EARLIER][:3]
    rows[EARLIER] = rows[EARLIER][:3]
    vectors[LATER] = np.roll(vectors[ALL], 1, axis=0)
    found = figures_of(vectors, rows, replace(truth, forms=None))
    # The target ties with all other tiles at similarity 0, and ties count against it.
    assert found.figures["gain_0_8_mrr"] == pytest.approx(1 / 12)
    assert found.figures["gain_0_8_cosine"] == pytest.approx(0)
    assert found.figures["other_date_mrr"] == pytest.approx(1 / 12)
    assert found.parts["stability"][0] == pytest.approx((1 / 12 + 1 + 1) / 3)
    assert np.isnan(found.parts["same_place"][3])
    assert "form" not in found.parts
