"""``terrakin evaluate``: measures every form that the database's vectors could take, and says which one is best."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.connect import connect
from db.settings import Settings
from etl.encoders.selection import stored_encoder
from etl.errors import EtlError
from etl.evaluation.dataset import Tiles, read_tiles
from etl.evaluation.figures import Figures, Place, figures_of
from etl.evaluation.score import Margin, best_of, margin, ranked
from etl.evaluation.variants import BASELINE_VARIANT, Variant, baseline_vectors, post_processings, vectors_of
from etl.evaluation.variations import Look, changed_looks, looks_at_other_dates, read_statistics
from etl.metrics.urban_forms import read_forms
from etl.store.encoder import EncoderRecord, read_encoder
from etl.tasks.city_loop import BarFactory

log = logging.getLogger(__name__)

DEFAULT_AGGREGATION = "mean"
"""What api.similar_tiles compares by where nothing else is asked for."""
INDEXED = ("mean", "dominant")
"""Ways of aggregation that have an HNSW index: only these can be a default."""
MIN_TILES = 12
"""With fewer, every tile is among the ten nearest of almost every other."""


@dataclass(frozen=True)
class EvaluationRequest:
    """What is asked for.

    Attributes:
        sample: tiles that are looked at again: changed, and on other dates.
        limit: at most so many cities, drawn at random; None takes all.
        with_dates: whether imagery of other dates is read.
        sign: as etl.imagery.catalogue.Source.sign.
        forms: table of known urban forms; None takes the demo's, where it lies beside its catalogue.
        weights: TerraMind's, as etl.encoders.selection.stored_encoder.
    """

    sample: int = 200
    limit: int | None = None
    with_dates: bool = True
    sign: bool = False
    forms: Path | None = None
    weights: str | None = None


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        encoder: which one made the patches.
        is_synthetic: True where pixels are made up.
        recorded: the form that the database's vectors have, as searches compare them.
        measured: figures of each form.
        order: all forms with their scores, the best first.
        city_ids: (n,) of the tiles.
        forms: (n,) known forms or None.
        n_looks: how many tiles were looked at again, by look.
        notes: how things were had, in words.
    """

    encoder: EncoderRecord
    is_synthetic: bool
    recorded: Variant
    measured: Mapping[Variant, Figures]
    order: list[tuple[Variant, float]]
    city_ids: np.ndarray
    forms: np.ndarray | None
    n_looks: Mapping[str, int]
    notes: Mapping[str, str]

    @property
    def is_quality(self) -> bool:
        """False where the weights are random: then figures say nothing of what the encoder can do."""
        return self.encoder.weights != "random"

    @property
    def recommended(self) -> Variant | None:
        """The best form that a search can use by default; None where the figures are no measure of quality."""
        return best_of(self.order, INDEXED) if self.is_quality else None

    def margin_of(self, variant: Variant, over: Variant) -> Margin:
        """By how much one form scores above another."""
        return margin(self.measured[variant], self.measured[over], self.city_ids)


def evaluate(settings: Settings, request: EvaluationRequest, bar: BarFactory) -> Evaluation:
    """Measure; nothing is written.

    Raises:
        EtlError: nothing is loaded, work files or recorded scenes are missing, or the encoder is not here.
    """
    with connect(settings, "etl", autocommit=True) as conn:
        stored = read_encoder(conn)
        encoder = stored_encoder(conn, settings.home, stored, request.weights)
        assert stored is not None, "stored_encoder refuses a database without"
        tiles = read_tiles(settings, conn, stored, request.limit, bar)
    if len(tiles.cells) < MIN_TILES:
        raise EtlError(f"{len(tiles.cells)} tiles are too few to be evaluated; load {MIN_TILES} at least")
    place = Place(tiles.city_ids, tiles.lon, tiles.lat, _known_forms(tiles, request.forms))
    processings, excluded = post_processings(tiles, stored)
    sample = list(tiles.sample(request.sample))
    looks: dict[str, Look] = {}
    dates = "not measured: --no-dates"
    if request.with_dates:
        looks, others = looks_at_other_dates(tiles, sample, encoder, bar, request.sign)
        dates = others.how + (
            f"; not of {', '.join(others.left_out)}: scenes of one date only" if others.left_out else ""
        )
    looks |= changed_looks(tiles, sample, encoder, bar)
    rows = {name: look.rows for name, look in looks.items()}
    measured = {BASELINE_VARIANT: figures_of(baseline_vectors(read_statistics(tiles, bar), looks), rows, place)}
    n = len(tiles.cells) + sum(map(len, rows.values()))
    with bar("evaluate", "tile", n * len(processings)) as progress:
        for (name, removal), processing in processings.items():
            for method, vectors in vectors_of(tiles, looks, processing, progress.update).items():
                measured[Variant(name, removal, method)] = figures_of(vectors, rows, place)
    notes = {"other dates": dates, "excluded dimensions": excluded}
    return Evaluation(
        stored, tiles.is_synthetic, _recorded(stored), measured, ranked(measured), tiles.city_ids, place.forms,
        {name: len(some) for name, some in rows.items()}, notes,
    )  # fmt: skip


def _recorded(stored: EncoderRecord) -> Variant:
    processing = stored.post_processing
    removal = "leace" if processing.removal is not None else "dimensions" if processing.excluded_dimensions else "none"
    return Variant(processing.method, removal, DEFAULT_AGGREGATION)


def _known_forms(tiles: Tiles, path: Path | None) -> np.ndarray | None:
    """The form of each tile, "" where it is not known; None where no table is there or it knows none of the tiles.

    The demo's own table holds for made-up cities alone: they lie where real ones are.
    """
    table = path or _beside_the_catalogue(tiles)
    if table is None:
        return None
    forms = read_forms(table)
    synthetic = {c.city.city_id for c in tiles.cities if c.city.is_synthetic}
    known = np.array(
        [
            forms.get(cell, "") if path is not None or city_id in synthetic else ""
            for cell, city_id in zip(tiles.cells, tiles.city_ids.tolist(), strict=True)
        ]
    )
    if path is not None and not (known != "").any():
        raise EtlError(f"{path} knows the form of none of the {len(known)} tiles; is it of other cities?")
    return known if (known != "").any() else None


def _beside_the_catalogue(tiles: Tiles) -> Path | None:
    for city in tiles.cities:
        beside = Path(str(city.attributes()["stac_url"])).with_name("forms.csv")
        if city.city.is_synthetic and beside.is_file():
            return beside
    return None
