"""TerraMind by runtime and precision: tiles a second, beside what the machine reaches in bare matrix products."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from etl.chip import read_chip
from etl.encoders.onnx_export import OnnxPrecision, export_onnx, lowest_cosine
from etl.encoders.terramind import TerraMindEncoder, load_terramind
from etl.encoders.terramind_onnx import load_onnx
from tests.etl.encoders.chips import make_chips

ROUNDS = 5
GFLOP_PER_TILE = 35.6
"""Of TerraMind base at 224 x 224 px: counted by torch.utils.flop_counter, multiplications and additions."""
# One layer of the network for eight tiles, and a square as large as makes no difference.
SHAPES = ((1568, 768, 3072), (2048, 2048, 2048))
ROW = "{:<34}{:>9}{:>9}{:>12}{:>14}{:>13}{:>10}"
HEAD = ROW.format("runtime", "tiles/s", "GFLOP/s", "of ceiling", "x torch fp32", "x best fp32", "cosine")


def run_all(weights: str, n_tiles: int, chips: str | None, say: Callable[[str], object]) -> None:
    """Print the table. Every figure is the median of ROUNDS rounds that take turns."""
    tiles = _tiles(n_tiles, chips)
    say(f"{len(tiles)} tiles {'of ' + chips if chips else '(made up)'}, {weights} weights: speed, not quality")
    given: Any = weights if weights in ("hub", "random") else Path(weights)
    exact = load_terramind(given)
    encoders: list[Any] = [exact, *_exports(exact, tiles[:2]), load_terramind(given, precision="bf16")]
    products = ceilings()
    for name, rate in products.items():
        say(f"fp32 matrix product, {name}: {rate:.0f} GFLOP/s")
    ceiling = max(products.values())
    truth = exact.embed(tiles)
    seconds: dict[str, list[float]] = {}
    cosines = {e.runtime: lowest_cosine(e.embed(tiles[:2]), truth[:2]) for e in encoders}
    for _ in range(ROUNDS):
        for encoder in encoders:
            # bf16 without such instructions takes minutes for eight tiles; one tells as much.
            part = tiles[:1] if "bf16" in encoder.runtime else tiles
            started = time.perf_counter()
            encoder.embed(part)
            seconds.setdefault(encoder.runtime, []).append((time.perf_counter() - started) / len(part))
    rates = {name: 1 / median(times) for name, times in seconds.items()}
    best = max(rate for name, rate in rates.items() if "fp32" in name)
    say(HEAD)
    for name, rate in rates.items():
        flops = rate * GFLOP_PER_TILE
        shares = [f"{share:.2f}" for share in (flops / ceiling, rate / rates[exact.runtime], rate / best)]
        say(ROW.format(name, f"{rate:.2f}", f"{flops:.0f}", *shares, f"{cosines[name]:.6f}"))


def ceilings() -> dict[str, float]:
    """GFLOP/s of the machine's libraries in one fp32 matrix product, the best shape's median of several."""
    import torch

    def numpy(a: np.ndarray, b: np.ndarray) -> Callable[[], object]:
        return lambda: a @ b

    def mkl(a: np.ndarray, b: np.ndarray) -> Callable[[], object]:
        left, right = torch.from_numpy(a), torch.from_numpy(b)
        return lambda: left @ right

    rng = np.random.default_rng(0)
    found: dict[str, float] = {}
    for m, k, n in SHAPES:
        a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
        for name, make in (("numpy", numpy), ("torch", mkl), ("onnxruntime", _onnx_product)):
            found[name] = max(found.get(name, 0), 2e-9 * m * k * n / _seconds(make(a, b)))
    return found


def _seconds(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(4 * ROUNDS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


def _onnx_product(a: np.ndarray, b: np.ndarray) -> Callable[[], object]:
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
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"a": a})


def _exports(exact: TerraMindEncoder, chips: np.ndarray) -> list[Any]:
    precisions: tuple[OnnxPrecision, ...] = ("fp32", "int8")
    with tempfile.TemporaryDirectory() as folder:
        for precision in precisions:
            # Whatever the cosine: the table shows it.
            export_onnx(exact, Path(folder) / f"{precision}.onnx", precision, chips, min_cosine=0)
        return [load_onnx(Path(folder) / f"{precision}.onnx") for precision in precisions]


def _tiles(n_tiles: int, folder: str | None) -> np.ndarray:
    if folder is None:
        return make_chips(n_tiles)
    return np.stack([read_chip(path).pixels for path in sorted(Path(folder).glob("*.tif"))[:n_tiles]])
