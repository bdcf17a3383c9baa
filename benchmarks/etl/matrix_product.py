"""The limit of an encoder: this machine's plain fp32 matrix products, by the libraries that are installed."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.encoders.batching import N_CORES

CALLS = 5
# One layer of TerraMind for eight tiles, and a square so large that a larger one is no faster.
SHAPES = ((1568, 768, 3072), (2048, 2048, 2048))
Product = Callable[[], object]


def ceilings() -> dict[str, float]:
    """Return the fp32 matrix product rate of each installed library in GFLOP/s: the median for its best shape.

    Measured with all cores on one product, and with one product per core at the same time.
    """
    rng = np.random.default_rng(0)
    found: dict[str, float] = {}
    for m, k, n in SHAPES:
        a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
        for library, (package, make) in LIBRARIES.items():
            if find_spec(package) is None:
                continue
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


LIBRARIES: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray, int], Product]]] = {
    "numpy": ("numpy", _numpy),
    "torch": ("torch", _torch),
    "onnxruntime": ("onnx", _onnx),
}
"""The package that each library's product needs (onnx builds the graph for ONNX Runtime), and how it is computed."""
