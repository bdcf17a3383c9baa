"""TerraMind with ONNX Runtime, with random weights, against torch."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from benchmarks.chips import make_chips
from etl.encoders.galileo import MODEL
from etl.encoders.terramind import TerraMindEncoder
from etl.encoders.terramind_onnx import OnnxTerraMindEncoder, load_onnx
from etl.errors import EncoderError
from etl.stages.encoder import stored_encoder
from etl.store.encoder import EncoderRecord
from etl.store.work_files import exported_encoder
from etl.vectors.post_processing import PostProcessing


@pytest.mark.slow
def test_vectors_equal_those_of_torch_for_any_number_of_tiles(terramind: TerraMindEncoder, exported: Path) -> None:
    found = load_onnx(exported)
    chips = make_chips(5, seed=8)
    chips[0, :, :30] = 0
    together = found.embed(chips)
    np.testing.assert_allclose(together, terramind.embed(chips), atol=2e-5)
    np.testing.assert_array_equal(found.embed(chips[:1]), together[:1])  # independent of the batch
    assert found.runtime == "onnx fp32 on CPUExecutionProvider"


@pytest.mark.slow
def test_the_file_records_which_weights_it_was_made_from(terramind: TerraMindEncoder, exported: Path) -> None:
    found = load_onnx(exported, terramind.weights_sha256)
    assert (found.name, found.weights, found.weights_sha256) == (terramind.name, "random", terramind.weights_sha256)
    with pytest.raises(EncoderError, match=f"{terramind.weights_sha256}.*0000.*export-onnx"):
        load_onnx(exported, "0" * 64)


@pytest.mark.slow
def test_an_exported_file_of_the_recorded_weights_is_preferred(
    terramind: TerraMindEncoder, exported: Path, tmp_path: Path, conn: psycopg.Connection[Any]
) -> None:
    path = exported_encoder(tmp_path, "fp32")
    path.parent.mkdir(parents=True)
    shutil.copy(exported, path)
    identity = PostProcessing("raw", np.zeros(768, np.float32), np.ones(768, np.float32))
    stored = EncoderRecord(terramind.name, "random", terramind.weights_sha256, identity)
    assert isinstance(stored_encoder(conn, tmp_path, stored, None), OnnxTerraMindEncoder)


@pytest.mark.parametrize("name", ["text.onnx", "truncated.onnx", "absent.onnx"])
def test_a_file_that_is_not_onnx_raises_an_error_that_names_the_command(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.onnx").write_text("not a network")
    (tmp_path / "truncated.onnx").write_bytes(MODEL.read_bytes()[:-1000])
    with pytest.raises(EncoderError, match=rf"{name}.*`terrakin etl export-onnx`") as refused:
        load_onnx(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_another_onnx_network_is_refused(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy")
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "same", [x], [y])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(EncoderError, match=r"other\.onnx.*`terrakin etl export-onnx`"):
        load_onnx(tmp_path / "other.onnx")
