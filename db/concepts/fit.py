"""Learning a direction and a threshold from examples, and how well they do in cities that were held out."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from db.embedding_sets.basis import unit_vectors

FittedBy = Literal["rocchio", "logistic"]

ENOUGH_POSITIVES = 6
"""With fewer, a logistic regression follows the few examples rather than what they have in common."""
ENOUGH_NEGATIVES = 6
"""With fewer, or those of fewer than MIN_GROUPS groups, the examples drawn at random count in the score too."""
MIN_GROUPS = 3
"""So many cities must have positive examples, else holding one out says nothing about others."""
MAX_FOLDS = 5
QUANTILE = 0.1
"""Without validation, nine in ten of the positive examples are above the threshold, each by what the others teach."""
QUANTILE_OF_NEGATIVES = 0.99
"""With one positive example, which leaves no others, so many of the negative ones are below the threshold."""


@dataclass(frozen=True)
class Examples:
    """Examples of a concept, and of what does not belong to it.

    Attributes:
        keys: (n, d) float32, of unit length.
        is_positive: (n,) bool.
        groups: (n,) int64: city_id. Examples of one group are held out together.
        is_drawn: (n,) bool: drawn at random, as examples of what does not belong to it.
    """

    keys: np.ndarray
    is_positive: np.ndarray
    groups: np.ndarray
    is_drawn: np.ndarray

    @property
    def is_scored(self) -> np.ndarray:
        """(n,) bool: examples that threshold and score come from: those that were given, if they suffice.

        Of those drawn at random, some may belong to the concept.
        """
        given = ~self.is_positive & ~self.is_drawn
        is_enough = given.sum() >= ENOUGH_NEGATIVES and len(np.unique(self.groups[given])) >= MIN_GROUPS
        return ~self.is_drawn if is_enough else np.ones(len(self.keys), bool)


@dataclass(frozen=True)
class Fit:
    """What was learned.

    Attributes:
        fitted_by: rocchio or logistic.
        direction: (d,) float32, of unit length.
        threshold: least cosine of a key and the direction that belongs to the concept.
        average_precision: on groups that were held out, 0 to 1; None if too few groups have positive examples, in
            which case the threshold is a quantile of the similarities of the positive examples.
    """

    fitted_by: FittedBy
    direction: np.ndarray
    threshold: float
    average_precision: float | None


def method_for(n_positive: int, n_negative: int) -> FittedBy:
    """Return how to fit: by logistic regression if there are enough examples of both kinds, else by Rocchio."""
    return "logistic" if n_positive >= ENOUGH_POSITIVES and n_negative > 0 else "rocchio"


def fit_direction(keys: np.ndarray, is_positive: np.ndarray, fitted_by: FittedBy) -> np.ndarray:
    """Return the direction (d,) float32 that tells positive keys from negative ones, of unit length.

    Rocchio (1971): the mean of the positive keys minus that of the negative ones. Logistic: the normal of the plane
    that a logistic regression with balanced classes finds.
    """
    if fitted_by == "rocchio":
        direction = keys[is_positive].mean(axis=0) - keys[~is_positive].mean(axis=0)
    else:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(class_weight="balanced", max_iter=1000)
        direction = model.fit(keys, is_positive).coef_[0]
    unit: np.ndarray = unit_vectors(direction[np.newaxis])[0]
    return unit


def fit(examples: Examples, fitted_by: FittedBy, seed: int) -> Fit:
    """Learn a concept from at least one positive and one negative example.

    Threshold and average precision come from cross-validation over groups, never over rows: neighbours of one city
    resemble each other more than the concept explains.
    """
    from sklearn.metrics import average_precision_score

    direction = fit_direction(examples.keys, examples.is_positive, fitted_by)
    n_groups = len(np.unique(examples.groups[examples.is_positive]))
    if n_groups < MIN_GROUPS:
        return Fit(fitted_by, direction, _quantile(examples, fitted_by, direction, seed), None)
    held_out = _similarities_held_out(examples, fitted_by, min(MAX_FOLDS, n_groups), seed)
    truth, found = examples.is_positive[examples.is_scored], held_out[examples.is_scored]
    return Fit(fitted_by, direction, _best_threshold(truth, found), float(average_precision_score(truth, found)))


def _quantile(examples: Examples, fitted_by: FittedBy, direction: np.ndarray, seed: int) -> float:
    """Return a threshold that was not validated: examples from few groups say little about others."""
    n_smaller = int(min(examples.is_positive.sum(), (~examples.is_positive).sum()))
    if n_smaller == 1:
        return float(np.quantile(examples.keys[~examples.is_positive] @ direction, QUANTILE_OF_NEGATIVES))
    # An example is more similar to a direction that was learned from it than others of its kind are.
    each_alone = replace(examples, groups=np.arange(len(examples.keys)))
    held_out = _similarities_held_out(each_alone, fitted_by, min(MAX_FOLDS, n_smaller), seed)
    return float(np.quantile(held_out[examples.is_positive], QUANTILE))


def _similarities_held_out(examples: Examples, fitted_by: FittedBy, n_folds: int, seed: int) -> np.ndarray:
    """Return the similarity of every example to a direction that was learned without its group."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    similarities = np.empty(len(examples.keys))
    for rest, held_out in folds.split(examples.keys, examples.is_positive, examples.groups):
        direction = fit_direction(examples.keys[rest], examples.is_positive[rest], fitted_by)
        similarities[held_out] = examples.keys[held_out] @ direction
    return similarities


def _best_threshold(is_positive: np.ndarray, similarities: np.ndarray) -> float:
    """Return the similarity from which on precision and recall have the highest harmonic mean (F1)."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(is_positive, similarities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    return float(np.clip(thresholds[np.argmax(f1[:-1])], -1, 1))
