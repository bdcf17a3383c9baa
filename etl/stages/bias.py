"""Stage bias: measures spatial bias over all patches, records what is excluded, and has all vectors made again."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from etl.bias_report import write_report
from etl.errors import EncoderError
from etl.grid import Cell, cell_and_month
from etl.leak import measure_leak
from etl.post_processing import PostProcessing
from etl.spatial_bias import Limits, SpatialBias, measure
from etl.stages import Job
from etl.stages.aggregate import MIN_PATCH_VALID_SHARE
from etl.store import read_encoder, write_bias
from etl.work import PATCHES, read_array

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TileMeans:
    """The mean of every tile's valid patches, nothing excluded.

    Attributes:
        vectors: (n, dimension) float32, standardised.
        cells: where each is.
        city_ids: (n,) int64.
        looks: (n,) int64, a number of its own for every city and period.
    """

    vectors: np.ndarray
    cells: Sequence[Cell]
    city_ids: np.ndarray
    looks: np.ndarray


def run(jobs: Sequence[Job], limits: Limits, report: Path) -> SpatialBias:
    """Measure, record and report; the caller aggregates and loads again.

    Raises:
        EncoderError: nothing is embedded, or a city's patches are not on this machine: its vectors could not be
            made again, and would no longer be comparable with the others.
    """
    stored = read_encoder(jobs[0].conn) if jobs else None
    if stored is None:
        raise EncoderError("the database holds no vectors; fill it with `terrakin etl run` first")
    _check_patches(jobs)
    means = _tile_means(jobs, replace(stored.post_processing, excluded_dimensions=()))
    bias = measure(means.vectors, means.cells, means.looks, limits)
    kept = np.where(bias.is_excluded, 0, means.vectors).astype(np.float32)
    lon, lat = (np.array([getattr(cell.centre(), axis) for cell in means.cells]) for axis in ("x", "y"))
    leaks = {
        "all dimensions": measure_leak(means.vectors, means.city_ids, lon, lat),
        "without the excluded ones": measure_leak(kept, means.city_ids, lon, lat),
    }
    encoder = f"{stored.name} ({stored.weights} weights)"
    n_cities = len(np.unique(means.city_ids))
    write_report(report, encoder, bias, limits, leaks, len(means.cells), n_cities)
    write_bias(jobs[0].conn, bias)
    log.info("stage=bias excluded=%d tiles=%d", bias.is_excluded.sum(), len(means.cells))
    return bias


def _check_patches(jobs: Sequence[Job]) -> None:
    missing = [c.name for job in jobs for c in job.cities if not job.made_from(c.city_id, PATCHES)]
    if missing:
        raise EncoderError(
            f"no patch embeddings of {', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''} under "
            f"{jobs[0].settings.home / 'work'}; run this where they were embedded, or embed those cities again"
        )


def _tile_means(jobs: Sequence[Job], processing: PostProcessing) -> TileMeans:
    vectors, cells, city_ids, looks = [], [], [], []
    for job in jobs:
        with job.bar("bias", "city", len(job.cities)) as bar:
            for city in job.cities:
                path = job.path(city.city_id, PATCHES)
                valid = read_array(path, "patch_valid_share") >= MIN_PATCH_VALID_SHARE
                # Standardising is linear: it may come after the mean, where it costs less.
                total = np.einsum("npd,np->nd", read_array(path, "embedding").astype(np.float32), valid)
                vectors.append(processing.apply(total / np.maximum(valid.sum(axis=1, keepdims=True), 1)))
                cells += [cell_and_month(int(number))[0] for number in read_array(path, "tile_id")]
                city_ids += [city.city_id] * len(valid)
                looks += [len(vectors)] * len(valid)
                bar.update()
    return TileMeans(np.concatenate(vectors), cells, np.array(city_ids), np.array(looks))
