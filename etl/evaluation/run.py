"""``terrakin evaluate``: measure every variant of the database's vectors, and recommend one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.connect import connect
from db.settings import Settings
from etl.encoders.encoder import Encoder
from etl.errors import EtlError
from etl.evaluation.dataset import Dataset, read_dataset
from etl.evaluation.figures import Figures, Truth, figures_of
from etl.evaluation.known_forms import form_tiles, known_forms
from etl.evaluation.real.run import RealEvaluation, RealRequest, evaluate_real
from etl.evaluation.score import Margin, best_of, margin, ranked
from etl.evaluation.variants import BASELINE_VARIANT, Variant, baseline_vectors, post_processings, vectors_of
from etl.evaluation.variations import Variation, other_dates, perturb, read_statistics
from etl.stages.encoder import stored_encoder
from etl.store.encoder import EncoderRecord, read_encoder
from etl.tasks.job import BarFactory
from etl.vectors.post_processing import PostProcessing

DEFAULTS = ("mean", "mean_std")
"""The methods that can be the default of an encoder."""
MIN_TILES = 12
"""With fewer tiles, almost every tile is among the ten nearest of every other."""


@dataclass(frozen=True)
class EvaluationRequest:
    """The options of an evaluation.

    Attributes:
        sample: number of tiles to perturb, and to load on other dates.
        limit: largest number of cities, drawn at random; None takes all.
        with_dates: whether to read imagery of other dates.
        sign: as etl.imagery.stac.catalogue.Source.sign.
        forms: table of known urban forms; None takes the demo's, if it lies beside its catalogue.
        weights: of TerraMind, as etl.stages.encoder.stored_encoder.
        real: what to measure of all encoders on real pixels; None leaves it out.
    """

    sample: int = 200
    limit: int | None = None
    with_dates: bool = True
    sign: bool = False
    forms: Path | None = None
    weights: str | None = None
    real: RealRequest | None = None


@dataclass(frozen=True)
class Evaluation:
    """The results of an evaluation.

    Attributes:
        encoder: the encoder that made the patches.
        is_synthetic: True if any imagery is synthetic.
        recorded: the variant of the database's vectors, as searches compare them by default.
        measured: figures of each variant.
        order: all variants with their scores, the best first.
        city_ids: (n,) int64, city of each tile.
        forms: (n,) str, known urban form of each tile, or None.
        n_tiles_by_variation: number of tiles by name of variation.
        notes: where the data of other dates and excluded dimensions come from, in words.
        real: all encoders on real pixels; None if they were left out.
    """

    encoder: EncoderRecord
    is_synthetic: bool
    recorded: Variant
    measured: Mapping[Variant, Figures]
    order: list[tuple[Variant, float]]
    city_ids: np.ndarray
    forms: np.ndarray | None
    n_tiles_by_variation: Mapping[str, int]
    notes: Mapping[str, str]
    real: RealEvaluation | None = None

    @property
    def is_quality(self) -> bool:
        """Return False if the weights are random: the figures are then no measure of the encoder's quality."""
        return self.encoder.weights != "random"

    @property
    def recommended(self) -> Variant | None:
        """Return the best variant that can be the default; None if the figures are no measure of quality."""
        return best_of(self.order, DEFAULTS) if self.is_quality else None

    def margin_of(self, variant: Variant, over: Variant) -> Margin:
        """Return by how much one variant scores above another."""
        return margin(self.measured[variant], self.measured[over], self.city_ids)


def evaluate(settings: Settings, request: EvaluationRequest, bar: BarFactory) -> Evaluation:
    """Measure all variants; write nothing.

    Raises:
        EtlError: nothing is loaded, work files or recorded scenes are missing, or the encoder is not available.
    """
    with connect(settings, "etl", autocommit=True) as conn:
        stored = read_encoder(conn)
        encoder = stored_encoder(conn, settings.home, stored, request.weights)
        assert stored is not None, "stored_encoder raises an error if there is no record"
        dataset = read_dataset(settings, conn, stored, request.limit, bar)
    if len(dataset.cells) < MIN_TILES:
        raise EtlError(f"{len(dataset.cells)} tiles are too few to evaluate; load at least {MIN_TILES}")
    truth = Truth(dataset.city_ids, dataset.lon, dataset.lat, known_forms(dataset, request.forms))
    variations, dates = _variations(dataset, request, encoder, bar)
    processings, excluded = post_processings(dataset, stored)
    measured = _measure(dataset, variations, processings, truth, bar)
    real = None
    if request.real is not None:
        real = evaluate_real(request.real, form_tiles(dataset, truth.forms, stored), bar)
    return Evaluation(
        stored, dataset.is_synthetic, _recorded(stored), measured, ranked(measured), dataset.city_ids, truth.forms,
        {name: len(variation.rows) for name, variation in variations.items()},
        {"other dates": dates, "excluded dimensions": excluded}, real,
    )  # fmt: skip


def _variations(
    dataset: Dataset, request: EvaluationRequest, encoder: Encoder, bar: BarFactory
) -> tuple[dict[str, Variation], str]:
    """Return all variations by name, and where the other dates come from, in words."""
    sample = list(dataset.sample(request.sample))
    variations: dict[str, Variation] = {}
    origin = "not measured: --no-dates"
    if request.with_dates:
        variations, others = other_dates(dataset, sample, encoder, bar, request.sign)
        origin = others.origin
        if others.left_out:
            origin += f"; without {', '.join(others.left_out)}: scenes of one date only"
    return variations | perturb(dataset, sample, encoder, bar), origin


def _measure(
    dataset: Dataset,
    variations: Mapping[str, Variation],
    processings: Mapping[tuple[str, str], PostProcessing],
    truth: Truth,
    bar: BarFactory,
) -> dict[Variant, Figures]:
    """Return the figures of the baseline and of every variant."""
    rows = {name: variation.rows for name, variation in variations.items()}
    statistics = baseline_vectors(read_statistics(dataset, bar), variations)
    measured = {BASELINE_VARIANT: figures_of(statistics, rows, truth)}
    n = len(dataset.cells) + sum(map(len, rows.values()))
    with bar("evaluate", "tile", n * len(processings)) as progress:
        for (name, removal), processing in processings.items():
            for aggregation, vectors in vectors_of(dataset, variations, processing, progress.update).items():
                measured[Variant(name, removal, aggregation)] = figures_of(vectors, rows, truth)
    return measured


def _recorded(stored: EncoderRecord) -> Variant:
    processing = stored.post_processing
    return Variant(processing.method, processing.removes, stored.default_method)
