"""Builders of figures and evaluations for the tests of scores and reports."""

import numpy as np

from etl.evaluation.figures import Figures
from etl.evaluation.run import Evaluation
from etl.evaluation.score import WEIGHTS, ranked
from etl.evaluation.variants import BASELINE_VARIANT, Variant
from etl.evaluation.variations import PERTURBATIONS
from etl.store.encoder import EncoderRecord
from etl.vectors.post_processing import PostProcessing

MEAN = Variant("standardised", "none", "mean")
MEDIAN = Variant("standardised", "none", "median")
RAW_MEAN = Variant("raw", "none", "mean")
CITIES = np.repeat(np.arange(10), 4)


def make_figures(quality: float, spread: float = 0.05, seed: int = 1) -> Figures:
    """Return figures of 40 tiles whose parts are all normally distributed around ``quality``."""
    values = np.random.default_rng(seed).normal(quality, spread, len(CITIES))
    return Figures({"same_city_share": 0.5, "form_map_other_cities": quality}, dict.fromkeys(WEIGHTS, values))


def make_evaluation(weights: str) -> Evaluation:
    """Return an evaluation in which the median scores highest, and a raw mean is recorded."""
    measured = {
        BASELINE_VARIANT: make_figures(0.5),
        MEAN: make_figures(0.7),
        MEDIAN: make_figures(0.9),
        RAW_MEAN: make_figures(0.6),
    }
    encoder = EncoderRecord("terramind_v1_base", weights, "ab" * 32, PostProcessing("raw", np.zeros(2), np.ones(2)))
    notes = {"other dates": "none", "excluded dimensions": "none"}
    n_tiles = dict.fromkeys(PERTURBATIONS, len(CITIES))
    return Evaluation(encoder, False, RAW_MEAN, measured, ranked(measured), CITIES, None, n_tiles, notes)
