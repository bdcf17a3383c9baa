"""`terrakin bench encode`: all encoders by runtime and precision, compared with the machine's plain matrix products."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np

from benchmarks.chips import make_chips
from benchmarks.etl.matrix_product import ceilings
from etl.embed_chip import read_chip
from etl.encoders import mosaiks
from etl.encoders.batching import N_CORES
from etl.encoders.encoder import Encoder
from etl.encoders.galileo import load_galileo
from etl.encoders.onnx_export import OnnxPrecision, export_onnx, lowest_cosine
from etl.encoders.terramind import TerraMindEncoder, load_terramind
from etl.encoders.terramind_onnx import load_onnx

ROUNDS = 7
REST_S = 0.5
"""Pause between libraries: their threads spin for a while after a call (OpenMP: 0.2 s)."""
GFLOP_PER_TILE = {"galileo_nano": 10.4, "mosaiks": 2.9, "terramind_v1_base": 35.6}
"""Multiplications and additions of all matrix products and convolutions at 224 x 224 px. galileo_nano: 16 windows of
294 tokens of 128 numbers, 4 blocks; mosaiks: 12,544 windows of 300 numbers, 384 filters; TerraMind: counted by
torch.utils.flop_counter."""
ROW = "{:<19}{:<34}{:>11}{:>9}{:>9}{:>9}{:>10}{:>10}"
HEAD = ROW.format("encoder", "runtime", "GFLOP/tile", "tiles/s", "GFLOP/s", "limit", "of limit", "cosine")


def run_all(weights: str, n_tiles: int, chips: str | None, echo: Callable[[str], object]) -> None:
    """Print the table: medians over ROUNDS rounds; each share of the limit is taken within a round.

    ``limit`` is the number of tiles per second at the rate of the fastest fp32 matrix product; ``cosine`` is the lowest
    of a patch vector to the same encoder's in fp32.
    """
    tiles = _tiles(n_tiles, chips)
    echo(f"{len(tiles)} tiles {'of ' + chips if chips else '(synthetic)'}; TerraMind with {weights} weights")
    encoders: list[Encoder] = [load_galileo(), mosaiks.fit(tiles), *_terramind(weights, tiles[:2], echo)]
    rounds = [_round(encoders, tiles) for _ in range(ROUNDS)]
    for name in rounds[0].products:
        echo(f"fp32 matrix product, {name}: {median(r.products[name] for r in rounds):.0f} GFLOP/s")
    echo(HEAD)
    exact: dict[str, np.ndarray] = {}
    for number, encoder in enumerate(encoders):
        gflop = GFLOP_PER_TILE[encoder.name]
        rate = median(r.rates[number] for r in rounds)
        limit = median(r.ceiling / gflop for r in rounds)
        share = median(r.rates[number] * gflop / r.ceiling for r in rounds)
        vectors = encoder.embed(tiles[:2])
        cosine = lowest_cosine(vectors, exact.setdefault(encoder.name, vectors))
        texts = [f"{gflop:.1f}", f"{rate:.2f}", f"{rate * gflop:.0f}", f"{limit:.2f}", f"{share:.2f}", f"{cosine:.6f}"]
        echo(ROW.format(encoder.name, encoder.runtime, *texts))


@dataclass(frozen=True)
class Round:
    """All measurements of one round, close together in time: the speed of a machine changes from minute to minute."""

    products: dict[str, float]
    """Best fp32 matrix product of each library in GFLOP/s."""
    rates: list[float]
    """Tiles per second of each encoder."""

    @property
    def ceiling(self) -> float:
        """Rate of the fastest library in GFLOP/s."""
        return max(self.products.values())


def _round(encoders: list[Encoder], tiles: np.ndarray) -> Round:
    products = ceilings()
    rates = []
    for encoder in encoders:
        # Without bf16 instructions eight tiles take minutes; one tile per core is enough to measure the rate.
        part = tiles[:N_CORES] if "bf16" in encoder.runtime else tiles
        time.sleep(REST_S)
        started = time.perf_counter()
        encoder.embed(part)
        rates.append(len(part) / (time.perf_counter() - started))
    return Round(products, rates)


def _terramind(weights: str, chips: np.ndarray, echo: Callable[[str], object]) -> list[Encoder]:
    """Return TerraMind by torch in fp32 first, then by ONNX Runtime and in bf16; none without terratorch."""
    if find_spec("terratorch") is None:
        echo("TerraMind is left out: terratorch is not installed; run: pip install 'terrakin[terramind,onnx]'")
        return []
    given: Any = weights if weights in ("hub", "random") else Path(weights)
    exact = load_terramind(given)
    return [exact, *_exports(exact, chips), load_terramind(given, precision="bf16")]


def _exports(exact: TerraMindEncoder, chips: np.ndarray) -> list[Encoder]:
    if find_spec("onnx") is None:
        return []
    precisions: tuple[OnnxPrecision, ...] = ("fp32", "int8")
    with tempfile.TemporaryDirectory() as folder:
        for precision in precisions:
            # Any cosine is accepted: the table shows it.
            export_onnx(exact, Path(folder) / f"{precision}.onnx", precision, chips, min_cosine=0)
        return [load_onnx(Path(folder) / f"{precision}.onnx") for precision in precisions]


def _tiles(n_tiles: int, folder: str | None) -> np.ndarray:
    if folder is None:
        return make_chips(n_tiles)
    paths = sorted(Path(folder).glob("*.tif"))[:n_tiles]
    if not paths:
        raise click.BadParameter(f"{folder} contains no .tif file", param_hint="--chips")
    return np.stack([read_chip(path).pixels for path in paths])
