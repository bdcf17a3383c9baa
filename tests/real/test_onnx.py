"""`terrakin etl export-onnx` on real Sentinel-2 tiles, with random weights; tests have no pretrained ones."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import rasterio

from etl.encoders.onnx_export import lowest_cosine
from etl.encoders.terramind import load_terramind
from etl.encoders.terramind_onnx import load_onnx
from tests.etl.conftest import InThisProcess, environment


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("terratorch") is None, reason="terratorch is not installed")
def test_int8_agrees_with_torch_on_tiles_that_the_export_did_not_check(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "s2-l2a").glob("terramesh_*.tif"))
    path = tmp_path / "int8.onnx"
    done = InThisProcess(environment(tmp_path, None))(
        "etl", "export-onnx", "--weights", "random", "--precision", "int8", "--output", str(path),
        "--chip", str(files[0]), "--chip", str(files[1]),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 tiles: 0.999" in done.stdout
    chips = np.stack([rasterio.open(file).read() for file in files[2:]])
    found, truth = load_onnx(path), load_terramind("random")
    assert found.weights_sha256 == truth.weights_sha256
    assert lowest_cosine(found.embed(chips), truth.embed(chips)) >= 0.999


def test_without_tiles_to_check_nothing_is_exported(tmp_path: Path) -> None:
    done = InThisProcess(environment(tmp_path, None))("etl", "export-onnx", "--weights", "random")
    assert done.returncode == 1
    assert "no composites under" in done.stderr
    assert "--chip" in done.stderr
