"""Stage bias: measures spatial bias over all patches, and says which post-processing removes it; writes a page."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from etl.cities.grid import cell_and_month
from etl.metrics.retrieval import precision_at_k
from etl.metrics.spatial_leakage import measure_leak
from etl.metrics.urban_forms import read_forms
from etl.period import Period
from etl.reports.spatial_bias import Measured, Outcome, write_report
from etl.stages.patches import over_chunks, read_patches, tile_means
from etl.store.encoder import EncoderRecord
from etl.store.work_files import open_array
from etl.tasks.city_loop import Job
from etl.vectors.position_removal import fit_place_removal
from etl.vectors.post_processing import PostProcessing
from etl.vectors.spatial_bias import Limits, SpatialBias, TileMeans, measure

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BiasRequest:
    """What is asked for.

    Attributes:
        report: where the page goes.
        limits: of what is excluded or removed.
        removal: one of etl.reports.spatial_bias.REMOVALS.
        post_processing: fit this one of etl.vectors.post_processing.METHODS anew; None keeps the recorded one.
        forms: table of known urban forms (etl.metrics.urban_forms); None where there is none.
    """

    report: Path
    limits: Limits = field(default_factory=Limits)
    removal: str = "dimensions"
    post_processing: str | None = None
    forms: Path | None = None


def run(jobs: Sequence[Job], request: BiasRequest, record: EncoderRecord) -> tuple[PostProcessing, SpatialBias]:
    """Measure and report. Nothing is written into the database: that is for the caller, with all vectors.

    Args:
        jobs: whose cities' patches are all on this machine.
        request: what is asked for.
        record: what made the patches, and the post-processing to which the removal is added.

    Returns:
        The post-processing that is wanted, and the figures with what it excludes.
    """
    log.info("stage=bias event=started")
    plain = replace(record.post_processing, excluded_dimensions=(), removal=None)
    means = _tile_means(jobs, plain)
    forms = _known_forms(jobs, means, request.forms)
    bias = measure(means, request.limits)
    excluded = tuple(np.flatnonzero(bias.is_excluded).tolist())
    wanted = {
        "none": plain,
        "dimensions": replace(plain, excluded_dimensions=excluded),
        "leace": replace(plain, removal=fit_place_removal(means, request.limits.max_share)),
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
    """What is left of leak and retrieval; the means are post-processed, so only the removal is applied to them."""
    vectors = means.vectors if processing.removal is None else processing.removal.apply(means.vectors)
    vectors = vectors.copy()
    vectors[:, list(processing.excluded_dimensions)] = 0
    leak = measure_leak(vectors, means.city_ids, means.lon, means.lat)
    what = {
        "none": "nothing removed",
        "dimensions": f"{len(processing.excluded_dimensions)} dimensions excluded",
        "leace": "LEACE: no direction removed",
    }[name]
    if processing.removal is not None:
        what = f"LEACE: {len(processing.removal.measure)} directions of {processing.removal.labels} removed"
    return Outcome(what, leak, _precision(vectors, forms, means.city_ids))


def _precision(vectors: np.ndarray, forms: np.ndarray, city_ids: np.ndarray) -> float | None:
    """Mean precision at 10 by known form in other cities; None where no two cities share a known form."""
    known = forms != ""
    if not known.any():
        return None
    each = precision_at_k(vectors[known], forms[known], groups=city_ids[known])
    return float(np.nanmean(each)) if np.isfinite(each).any() else None


def _known_forms(jobs: Sequence[Job], means: TileMeans, path: Path | None) -> np.ndarray:
    """The form of each tile, "" where it is not known: made-up towns lie where real cities are, and only they have."""
    synthetic = [city.city_id for job in jobs for city in job.cities if city.is_synthetic]
    forms = {} if path is None else read_forms(path)
    return np.array(
        [
            forms.get(cell, "") if is_synthetic else ""
            for cell, is_synthetic in zip(means.cells, np.isin(means.city_ids, synthetic), strict=True)
        ]
    )


def _tile_means(jobs: Sequence[Job], processing: PostProcessing) -> TileMeans:
    vectors, cells, city_ids, looks = [], [], [], []
    numbers: dict[tuple[Period, int], int] = {}
    for job in jobs:
        for city, (some, ids) in over_chunks(job, "bias", _means_of, processing):
            vectors.append(some)
            cells += [cell_and_month(int(tile_id))[0] for tile_id in ids]
            city_ids += [city.city_id] * len(ids)
            looks += [numbers.setdefault((job.period, city.city_id), len(numbers))] * len(ids)
    return TileMeans(np.concatenate(vectors), cells, np.array(city_ids), np.array(looks))


def _means_of(path: Path, tiles: slice, processing: PostProcessing) -> tuple[np.ndarray, np.ndarray]:
    # Post-processing is affine: it may come after the mean, where it costs less.
    vectors = processing.apply(tile_means(*read_patches(path, tiles)))
    return vectors, np.asarray(open_array(path, "tile_id")[tiles])
