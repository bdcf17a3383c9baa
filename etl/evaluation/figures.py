"""The figures of one form of the vectors: arrays in, numbers out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from etl.evaluation.variants import ALL
from etl.evaluation.variations import CHANGES, EARLIER, LATER
from etl.metrics.retrieval import average_precision, precision_at_k, rank_of_target, summarise
from etl.metrics.spatial_leakage import measure_leak
from etl.vectors.unit import unit_vectors

K = 10
Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Place:
    """What is known of all tiles; arrays (n,).

    Attributes:
        city_ids: int64.
        lon: degrees.
        lat: degrees.
        forms: str, the known urban form, "" where none is known; None where none is known at all.
    """

    city_ids: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    forms: np.ndarray | None


@dataclass(frozen=True)
class Figures:
    """What was measured of one form of the vectors.

    Attributes:
        figures: number by name, each in the range and direction that docs/evaluation.md gives; absent: not measured.
        parts: by name of etl.evaluation.score.WEIGHTS, (n,) float64: each tile's own value in 0..1, more is better,
            NaN where a tile was not asked.
    """

    figures: Mapping[str, float]
    parts: Mapping[str, np.ndarray]


def figures_of(vectors: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray], place: Place) -> Figures:
    """Measure all.

    Args:
        vectors: (n, dimension) of all tiles under ALL, and (m, dimension) of each other look.
        rows: which tiles the other looks are of.
        place: where the tiles are, and what they are known to be.
    """
    found: dict[str, float] = {}
    parts: Values = {}
    every = vectors[ALL]
    leak = measure_leak(every, place.city_ids, place.lon, place.lat, K)
    found["same_city_share"] = leak.same_city
    found |= {f"within_{radius}_km_share": share for radius, share in leak.within_km.items()}
    near = precision_at_k(every, place.city_ids, K)
    parts["other_cities"] = 1 - np.nan_to_num(near)
    if EARLIER in vectors:
        targets = rows[EARLIER]
        candidates = every
        if LATER in vectors:
            candidates = every.copy()
            candidates[rows[LATER]] = vectors[LATER]
        ranks = rank_of_target(vectors[EARLIER], candidates, targets)
        _add(found, "other_date", ranks)
        parts["same_place"] = _spread(1 / ranks, targets, len(every))
    changed = [name for name in CHANGES if name in vectors]
    again = []
    for name in changed:
        ranks = rank_of_target(vectors[name], every, rows[name])
        key = name.replace(" ", "_").replace(".", "_")
        _add(found, key, ranks)
        cosine = (unit_vectors(vectors[name]) * unit_vectors(every[rows[name]])).sum(axis=1)
        found[f"{key}_cosine"] = float(cosine.mean())
        again.append(_spread(1 / ranks, rows[name], len(every)))
    if again:
        asked = np.isfinite(again)
        mean = np.where(asked, again, 0).sum(axis=0) / np.maximum(asked.sum(axis=0), 1)
        parts["stability"] = np.where(asked.any(axis=0), mean, np.nan)
    if place.forms is not None:
        _measure_forms(found, parts, every, place)
    return Figures(found, parts)


def _measure_forms(found: dict[str, float], parts: Values, every: np.ndarray, place: Place) -> None:
    """Retrieval by known form, among all known tiles and among those of other cities."""
    assert place.forms is not None
    known = np.flatnonzero(place.forms != "")
    forms, cities, vectors = place.forms[known], place.city_ids[known], every[known]
    for suffix, groups in (("", None), ("_other_cities", cities)):
        average = average_precision(vectors, forms, groups)
        found[f"form_precision_at_{K}{suffix}"] = _mean(precision_at_k(vectors, forms, K, groups))
        found[f"form_map{suffix}"] = _mean(average)
    parts["form"] = _spread(average, known, len(every))


def _add(found: dict[str, float], name: str, ranks: np.ndarray) -> None:
    summary = summarise(ranks, K)
    found |= {f"{name}_recall_at_{K}": summary.recall_at_k, f"{name}_mrr": summary.mrr}


def _spread(values: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """Values of some rows as (n,), NaN elsewhere."""
    spread = np.full(n, np.nan)
    spread[rows] = values
    return spread


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
