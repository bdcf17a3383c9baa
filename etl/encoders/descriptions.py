"""What is known about each encoder before it is loaded: weights, licence, bands, and scores of the evaluation."""

import csv
from dataclasses import dataclass
from pathlib import Path

from etl.encoders.choices import ENCODERS, UNUSED_BANDS
from etl.encoders.encoder import DIMENSION, DefaultMethod
from etl.encoders.galileo import MODEL_SHA256

SCORES = Path(__file__).parents[1] / "data" / "encoder_scores.csv"


@dataclass(frozen=True)
class Score:
    """One figure of docs/evaluation.md, with the 95 % interval, the figure of random vectors and the sample size."""

    encoder: str
    method: str
    measure: str
    value: float
    low: float
    high: float
    random: float
    n: int


@dataclass(frozen=True)
class Description:
    """An encoder as `terrakin etl encoders` lists it.

    Attributes:
        name: of ``etl.encoders.choices.ENCODERS``.
        method: the aggregation of a search that names none.
        weights: where they come from.
        licence: of the weights.
        sha256: of the weights file; None if it differs between databases or is not known beforehand.
        unused_bands: bands of Sentinel-2 L2A that are not read.
        dimension: numbers of a patch vector.
    """

    name: str
    method: DefaultMethod
    weights: str
    licence: str
    sha256: str | None
    unused_bands: tuple[str, ...]
    dimension: int = DIMENSION


def descriptions() -> list[Description]:
    """Return all encoders, the default first."""
    known: dict[str, tuple[DefaultMethod, str, str, str | None]] = {
        "galileo_nano": ("mean_std", "pretrained, in the package (nasaharvest/galileo, nano)", "MIT", MODEL_SHA256),
        "mosaiks": ("mean", "none: filters are cut from the tiles of the first run", "none needed", None),
        "terramind_v1_base": (
            "mean", "pretrained, from the hub (ibm-esa-geospatial/TerraMind-1.0-base) or a file", "Apache-2.0", None,
        ),
    }  # fmt: skip
    return [Description(name, *known[name], UNUSED_BANDS.get(name, ())) for name in ENCODERS]


def read_scores(path: Path = SCORES) -> list[Score]:
    """Return the scores in the package; none before an evaluation is recorded there."""
    with path.open(newline="") as file:
        return [
            Score(
                row["encoder"], row["method"], row["measure"], float(row["value"]), float(row["low"]),
                float(row["high"]), float(row["random"]), int(row["n"]),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
