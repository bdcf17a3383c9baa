"""Stage bias: measure spatial bias of the patches, choose the post-processing that removes it, write a report."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from etl.cities.grid import cell_and_month
from etl.metrics.retrieval import precision_at_k
from etl.metrics.spatial_leakage import measure_leakage
from etl.metrics.urban_forms import read_forms
from etl.period import Period
from etl.reports.spatial_bias import Measured, Outcome, write_report
from etl.stages.patches import fitted_jobs, over_chunks, sample_of_cities
from etl.store.encoder import EncoderRecord
from etl.store.patches import read_patches
from etl.store.work_files import open_array
from etl.tasks.job import Job
from etl.vectors.bias.position_removal import fit_position_removal
from etl.vectors.bias.spatial_bias import Limits, SpatialBias, TileMeans, measure
from etl.vectors.post_processing import PostProcessing
from etl.vectors.tile_means import tile_means

log = logging.getLogger(__name__)

MAX_TILES = 100_000
"""Spatial bias is measured on whole cities, drawn at random until they have so many tiles: adjacent tiles are needed.
The report then takes 2 GB at most."""


@dataclass(frozen=True)
class BiasRequest:
    """How spatial bias is measured and removed.

    Attributes:
        report: path of the HTML report.
        limits: limits of what is excluded or removed.
        removal: one of etl.vectors.choices.REMOVALS.
        post_processing: fit this one of etl.vectors.choices.POST_PROCESSINGS to all patches; None keeps the
            recorded post-processing.
        forms: table of known urban forms (etl.metrics.urban_forms); None if there is none.
    """

    report: Path
    limits: Limits = field(default_factory=Limits)
    removal: str = "dimensions"
    post_processing: str | None = None
    forms: Path | None = None


def run(jobs: Sequence[Job], request: BiasRequest, record: EncoderRecord) -> tuple[PostProcessing, SpatialBias]:
    """Measure spatial bias and write the report. The database does not change.

    Bias is measured on real tiles alone, where there are any; the effect of each removal on all tiles. Of many cities,
    a random sample is measured.

    Args:
        jobs: jobs whose cities all have patches on this machine.
        request: how bias is measured and removed.
        record: the encoder that made the patches, and the post-processing to which the removal is added.

    Returns:
        The requested post-processing, whose texture and block positions are still to be fitted, and the figures
        together with the dimensions that it excludes.
    """
    log.info("stage=bias event=started")
    plain = replace(record.post_processing, excluded_dimensions=(), removal=None, texture=None, block_positions=None)
    jobs = sample_of_cities(jobs, MAX_TILES)
    means = _tile_means(jobs, plain)
    fitted = _of_cities(means, [city.city_id for job in fitted_jobs(jobs)[1] for city in job.cities])
    forms = _known_forms(jobs, means, request.forms)
    bias = measure(fitted, request.limits)
    excluded = tuple(np.flatnonzero(bias.is_excluded).tolist())
    wanted = {
        "none": plain,
        "dimensions": replace(plain, excluded_dimensions=excluded),
        "leace": replace(plain, removal=fit_position_removal(fitted, request.limits.max_share)),
    }
    outcomes = {name: _outcome(name, means, forms, processing) for name, processing in wanted.items()}
    encoder = f"{record.name} ({record.weights} weights), {plain.method.replace('_', '-')} vectors"
    n_cities = len(np.unique(means.city_ids))
    write_report(
        request.report,
        Measured(encoder, len(means.cells), n_cities, request.limits, bias, outcomes, request.removal),
    )
    log.info("stage=bias removal=%s excluded=%d tiles=%d", request.removal, len(excluded), len(means.cells))
    chosen = wanted[request.removal]
    taken = replace(bias, is_excluded=np.isin(np.arange(len(bias.is_excluded)), chosen.excluded_dimensions))
    return chosen, taken


def _outcome(name: str, means: TileMeans, forms: np.ndarray, processing: PostProcessing) -> Outcome:
    """Measure leakage and retrieval after a removal; the means are post-processed already except for the removal."""
    vectors = means.vectors if processing.removal is None else processing.removal.apply(means.vectors)
    vectors = vectors.copy()
    vectors[:, list(processing.excluded_dimensions)] = 0
    leak = measure_leakage(vectors, means.city_ids, means.lon, means.lat)
    what = {
        "none": "nothing removed",
        "dimensions": f"{len(processing.excluded_dimensions)} dimensions excluded",
        "leace": "LEACE: no direction removed",
    }[name]
    if processing.removal is not None:
        what = f"LEACE: {len(processing.removal.measure)} directions of {processing.removal.labels} removed"
    return Outcome(what, leak, _precision(vectors, forms, means.city_ids))


def _precision(vectors: np.ndarray, forms: np.ndarray, city_ids: np.ndarray) -> float | None:
    """Return the mean precision at 10 by known form in other cities; None if no two cities share a known form."""
    known = forms != ""
    if not known.any():
        return None
    each = precision_at_k(vectors[known], forms[known], groups=city_ids[known])
    return float(np.nanmean(each)) if np.isfinite(each).any() else None


def _known_forms(jobs: Sequence[Job], means: TileMeans, path: Path | None) -> np.ndarray:
    """Return the form of each tile, or "": forms are known for synthetic towns only, not for real tiles there."""
    synthetic = [city.city_id for job in jobs for city in job.cities if city.is_synthetic]
    forms = {} if path is None else read_forms(path)
    return np.array(
        [
            forms.get(cell, "") if is_synthetic else ""
            for cell, is_synthetic in zip(means.cells, np.isin(means.city_ids, synthetic), strict=True)
        ]
    )


def _tile_means(jobs: Sequence[Job], processing: PostProcessing) -> TileMeans:
    vectors, cells, city_ids, composites = [], [], [], []
    numbers: dict[tuple[Period, int], int] = {}
    for job in jobs:
        for city, (some, ids) in over_chunks(job, "bias", _means_of, processing):
            vectors.append(some)
            cells += [cell_and_month(int(tile_id))[0] for tile_id in ids]
            city_ids += [city.city_id] * len(ids)
            composites += [numbers.setdefault((job.period, city.city_id), len(numbers))] * len(ids)
    return TileMeans(np.concatenate(vectors), cells, np.array(city_ids), np.array(composites))


def _of_cities(means: TileMeans, city_ids: Sequence[int]) -> TileMeans:
    """Return the means of the tiles of some cities."""
    chosen = np.isin(means.city_ids, city_ids)
    cells = [cell for cell, is_chosen in zip(means.cells, chosen, strict=True) if is_chosen]
    return TileMeans(means.vectors[chosen], cells, means.city_ids[chosen], means.groups[chosen])


def _means_of(path: Path, tiles: slice, processing: PostProcessing) -> tuple[np.ndarray, np.ndarray]:
    # Post-processing is affine, so it can follow the mean, where it costs less.
    vectors = processing.apply(tile_means(*read_patches(path, tiles)))
    return vectors, np.asarray(open_array(path, "tile_id")[tiles])
