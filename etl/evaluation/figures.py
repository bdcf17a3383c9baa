"""The figures of one variant of the vectors: arrays in, numbers out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from etl.evaluation.variants import ALL
from etl.evaluation.variations import EARLIER, LATER, PERTURBATIONS
from etl.metrics.retrieval import average_precision, precision_at_k, rank_of_target, summarise
from etl.metrics.spatial_leakage import measure_leakage
from etl.vectors.unit import unit_vectors

K = 10
Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Truth:
    """What is known about the tiles; arrays are (n,).

    Attributes:
        city_ids: int64.
        lon: degrees.
        lat: degrees.
        forms: str, the known urban form, "" if unknown; None if no form is known at all.
    """

    city_ids: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    forms: np.ndarray | None


@dataclass(frozen=True)
class Figures:
    """The measurements of one variant.

    Attributes:
        figures: number by name, as docs/evaluation.md describes; a name is missing if it was not measured.
        parts: by name of etl.evaluation.score.WEIGHTS, (n,) float64: the value of each tile in 0..1, more is better,
            NaN if the tile was not a query.
    """

    figures: Mapping[str, float]
    parts: Mapping[str, np.ndarray]


def figures_of(vectors: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray], truth: Truth) -> Figures:
    """Return all figures of one variant.

    Args:
        vectors: (n, dimension) of all tiles under ALL, and (m, dimension) of each variation.
        rows: row numbers of the tiles in each variation.
        truth: what is known about the tiles.
    """
    every = vectors[ALL]
    leakage = measure_leakage(every, truth.city_ids, truth.lon, truth.lat, K)
    found = {"same_city_share": leakage.same_city}
    found |= {f"within_{radius}_km_share": share for radius, share in leakage.within_km.items()}
    parts: Values = {"other_cities": 1 - np.nan_to_num(precision_at_k(every, truth.city_ids, K))}
    if EARLIER in vectors:
        _measure_other_dates(found, parts, vectors, rows)
    _measure_perturbations(found, parts, vectors, rows)
    if truth.forms is not None:
        _measure_forms(found, parts, every, truth.forms, truth.city_ids)
    return Figures(found, parts)


def _measure_other_dates(
    found: dict[str, float], parts: Values, vectors: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray]
) -> None:
    """Query: a tile on earlier dates. Target: the tile on later dates, among all tiles."""
    candidates = vectors[ALL]
    if LATER in vectors:
        candidates = candidates.copy()
        candidates[rows[LATER]] = vectors[LATER]
    ranks = rank_of_target(vectors[EARLIER], candidates, rows[EARLIER])
    _add(found, "other_date", ranks)
    parts["same_place"] = _spread(1 / ranks, rows[EARLIER], len(candidates))


def _measure_perturbations(
    found: dict[str, float], parts: Values, vectors: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray]
) -> None:
    """Query: a perturbed tile. Target: the unchanged tile, among all tiles."""
    every = vectors[ALL]
    reciprocal = []
    for name in (name for name in PERTURBATIONS if name in vectors):
        ranks = rank_of_target(vectors[name], every, rows[name])
        key = name.replace(" ", "_").replace(".", "_")
        _add(found, key, ranks)
        cosine = (unit_vectors(vectors[name]) * unit_vectors(every[rows[name]])).sum(axis=1)
        found[f"{key}_cosine"] = float(cosine.mean())
        reciprocal.append(_spread(1 / ranks, rows[name], len(every)))
    if reciprocal:
        measured = np.isfinite(reciprocal)
        mean = np.where(measured, reciprocal, 0).sum(axis=0) / np.maximum(measured.sum(axis=0), 1)
        parts["stability"] = np.where(measured.any(axis=0), mean, np.nan)


def _measure_forms(
    found: dict[str, float], parts: Values, every: np.ndarray, forms: np.ndarray, city_ids: np.ndarray
) -> None:
    """Retrieval by known urban form, among all tiles of known form and among those of other cities."""
    known = np.flatnonzero(forms != "")
    labels, cities, vectors = forms[known], city_ids[known], every[known]
    for suffix, groups in (("", None), ("_other_cities", cities)):
        average = average_precision(vectors, labels, groups)
        found[f"form_precision_at_{K}{suffix}"] = _mean(precision_at_k(vectors, labels, K, groups))
        found[f"form_map{suffix}"] = _mean(average)
    parts["form"] = _spread(average, known, len(every))


def _add(found: dict[str, float], name: str, ranks: np.ndarray) -> None:
    summary = summarise(ranks, K)
    found |= {f"{name}_recall_at_{K}": summary.recall_at_k, f"{name}_mrr": summary.mrr}


def _spread(values: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """Return values of some rows as (n,), NaN elsewhere."""
    spread = np.full(n, np.nan)
    spread[rows] = values
    return spread


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
