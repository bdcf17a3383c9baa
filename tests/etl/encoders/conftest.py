"""TerraMind with random weights, built once for all tests of the encoders."""

import importlib.util
from pathlib import Path

import pytest

from benchmarks.chips import make_chips
from etl.encoders.onnx_export import export_onnx
from etl.encoders.terramind import TerraMindEncoder, load_terramind


@pytest.fixture(scope="session")
def terramind() -> TerraMindEncoder:
    """Random weights of seed 5; batches of at most two tiles. Read only."""
    if importlib.util.find_spec("terratorch") is None:
        pytest.skip('terratorch is not installed: pip install ".[terramind]"')
    return load_terramind("random", seed=5, batch_size=2)


@pytest.fixture(scope="session")
def exported(terramind: TerraMindEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network exported to ONNX in fp32, checked on one tile; its folder did not exist before."""
    path = tmp_path_factory.mktemp("onnx") / "new" / "terramind.onnx"
    assert export_onnx(terramind, path, "fp32", make_chips(1)).min_cosine > 0.999999
    return path
