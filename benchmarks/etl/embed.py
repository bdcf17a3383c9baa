"""`terrakin bench embed`: TerraMind by runtime and precision, compared with the machine's plain matrix products."""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.chips import make_chips
from etl.embed_chip import read_chip
from etl.encoders.batching import N_CORES
from etl.encoders.onnx_export import OnnxPrecision, export_onnx, lowest_cosine
from etl.encoders.terramind import TerraMindEncoder, load_terramind
from etl.encoders.terramind_onnx import load_onnx

ROUNDS = 7
CALLS = 5
REST_S = 0.5
"""Pause between libraries: their threads spin for a while after a call (OpenMP: 0.2 s)."""
GFLOP_PER_TILE = 35.6
"""TerraMind base at 224 x 224 px, counted by torch.utils.flop_counter (multiplications and additions)."""
# One layer of the network for eight tiles, and a square so large that a larger one is no faster.
SHAPES = ((1568, 768, 3072), (2048, 2048, 2048))
ROW = "{:<34}{:>9}{:>9}{:>12}{:>14}{:>13}{:>10}"
HEAD = ROW.format("runtime", "tiles/s", "GFLOP/s", "of ceiling", "x torch fp32", "x best fp32", "cosine")
Product = Callable[[], object]


def run_all(weights: str, n_tiles: int, chips: str | None, echo: Callable[[str], object]) -> None:
    """Print the table. Rates are medians over ROUNDS rounds; ratios are taken within a round, then the median."""
    tiles = _tiles(n_tiles, chips)
    echo(f"{len(tiles)} tiles {'of ' + chips if chips else '(synthetic)'}, {weights} weights (speed, not quality)")
    given: Any = weights if weights in ("hub", "random") else Path(weights)
    exact = load_terramind(given)
    encoders: list[Any] = [exact, *_exports(exact, tiles[:2]), load_terramind(given, precision="bf16")]
    truth = exact.embed(tiles)
    cosines = {e.runtime: lowest_cosine(e.embed(tiles[:2]), truth[:2]) for e in encoders}
    rounds = [_round(encoders, tiles) for _ in range(ROUNDS)]
    for name in rounds[0].products:
        echo(f"fp32 matrix product, {name}: {median(r.products[name] for r in rounds):.0f} GFLOP/s")
    echo(HEAD)
    for name, cosine in cosines.items():
        shares = (
            median(r.rates[name] * GFLOP_PER_TILE / r.ceiling for r in rounds),
            median(r.rates[name] / r.rates[exact.runtime] for r in rounds),
            median(r.rates[name] / r.best_fp32 for r in rounds),
        )
        rate = median(r.rates[name] for r in rounds)
        texts = [f"{rate:.2f}", f"{rate * GFLOP_PER_TILE:.0f}", *(f"{share:.2f}" for share in shares)]
        echo(ROW.format(name, *texts, f"{cosine:.6f}"))


@dataclass(frozen=True)
class Round:
    """All measurements of one round, close together in time: the speed of a machine changes from minute to minute."""

    products: dict[str, float]
    """Best fp32 matrix product of each library in GFLOP/s."""
    rates: dict[str, float]
    """Tiles per second by runtime."""

    @property
    def ceiling(self) -> float:
        """Rate of the fastest library in GFLOP/s."""
        return max(self.products.values())

    @property
    def best_fp32(self) -> float:
        """Tiles per second of the fastest fp32 runtime."""
        return max(rate for name, rate in self.rates.items() if "fp32" in name)


def _round(encoders: list[Any], tiles: np.ndarray) -> Round:
    products = ceilings()
    rates = {}
    for encoder in encoders:
        # Without bf16 instructions eight tiles take minutes; one tile per core is enough to measure the rate.
        part = tiles[:N_CORES] if "bf16" in encoder.runtime else tiles
        time.sleep(REST_S)
        started = time.perf_counter()
        encoder.embed(part)
        rates[encoder.runtime] = len(part) / (time.perf_counter() - started)
    return Round(products, rates)


def ceilings() -> dict[str, float]:
    """Return the fp32 matrix product rate of each library in GFLOP/s: the median for its best shape.

    Measured with all cores on one product, and with one product per core at the same time.
    """
    rng = np.random.default_rng(0)
    found: dict[str, float] = {}
    for m, k, n in SHAPES:
        a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
        for library, make in (("numpy", _numpy), ("torch", _torch), ("onnxruntime", _onnx)):
            for mode, n_at_once, n_threads in (("all cores", 1, N_CORES), ("one per core", N_CORES, 1)):
                with ThreadPoolExecutor(n_at_once) as pool, threadpool_limits(n_threads):
                    product = make(a, b, n_threads)
                    seconds = _seconds(lambda: list(pool.map(lambda _: product(), range(n_at_once))))  # noqa: B023
                name = f"{library}, {mode}"
                found[name] = max(found.get(name, 0), 2e-9 * m * k * n * n_at_once / seconds)
    return found


def _seconds(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


def _numpy(a: np.ndarray, b: np.ndarray, n_threads: int) -> Product:
    return lambda: a @ b


def _torch(a: np.ndarray, b: np.ndarray, n_threads: int) -> Product:
    import torch

    left, right = torch.from_numpy(a), torch.from_numpy(b)

    def product() -> torch.Tensor:
        torch.set_num_threads(n_threads)  # per calling thread; threadpoolctl does not control it
        return left @ right

    return product


def _onnx(a: np.ndarray, b: np.ndarray, n_threads: int) -> Product:
    import onnx
    import onnxruntime

    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])], "product",
        [helper.make_tensor_value_info("a", kind, a.shape)],
        [helper.make_tensor_value_info("c", kind, (a.shape[0], b.shape[1]))],
        [onnx.numpy_helper.from_array(b, "b")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"a": a})


def _exports(exact: TerraMindEncoder, chips: np.ndarray) -> list[Any]:
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
