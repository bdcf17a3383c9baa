"""``terrakin etl encoders``: which encoders there are, what they need, and how good and how fast they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # commands import heavy modules only when they run
    from etl.encoders.descriptions import Description, Score

N_MEASURED = 8
"""Number of tiles per measurement of speed."""


@click.command()
@click.option("--measure", is_flag=True, help="Measure the tiles per second of each installed encoder, here and now.")
def encoders(measure: bool) -> None:
    """List the encoders.

    For each, its vectors, bands, weights, licence, and the scores of docs/evaluation.md.
    """
    from etl.encoders.descriptions import descriptions, read_scores

    scores = read_scores()
    for number, encoder in enumerate(descriptions()):
        click.echo(encoder.name + (" (default)" if number == 0 else ""))
        speed = _speed(encoder.name) if measure else "not measured; add --measure, or see docs/performance.md"
        for label, text in _lines(encoder, speed, [score for score in scores if score.encoder == encoder.name]):
            click.echo(f"  {label:<9}{text}")


def _lines(encoder: Description, speed: str, scores: list[Score]) -> list[tuple[str, str]]:
    from etl.imagery.sentinel2 import BANDS

    bands = [band for band in BANDS if band not in encoder.unused_bands]
    hashed = f"SHA-256 {encoder.sha256}" if encoder.sha256 else "SHA-256 recorded in the database by the first run"
    listed = [
        (
            "scores",
            f"{s.measure}, {s.method}: {s.value:.2f} [{s.low:.2f}, {s.high:.2f}], random {s.random:.2f}, n={s.n}",
        )
        for s in scores
    ]
    return [
        ("vectors", f"{encoder.dimension} numbers per patch; searched by {encoder.method}"),
        ("bands", f"{len(bands)}: {' '.join(bands)}"),
        ("weights", encoder.weights),
        ("licence", encoder.licence),
        ("hash", hashed),
        ("speed", speed),
        *(listed or [("scores", "none recorded; see docs/evaluation.md")]),
    ]


def _speed(name: str) -> str:
    """Return the tiles per second of an encoder on this machine, with made-up weights where it has none of its own."""
    import numpy as np

    from etl.encoders import mosaiks
    from etl.encoders.selection import EncoderChoice, load_encoder
    from etl.errors import EncoderError

    chips = np.random.default_rng(0).integers(1, 4000, (N_MEASURED, 12, 224, 224), np.uint16)
    try:
        encoder = load_encoder(EncoderChoice(name, "random" if name == "terramind_v1_base" else "hub"))
    except EncoderError as error:
        return str(error)
    encoder = encoder or mosaiks.fit(chips)
    encoder.embed(chips[:1])
    started = time.perf_counter()
    encoder.embed(chips)
    return f"{N_MEASURED / (time.perf_counter() - started):.1f} tiles/s on this machine ({encoder.runtime})"
