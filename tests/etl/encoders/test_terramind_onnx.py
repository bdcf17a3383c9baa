"""The network, with random weights, from torch to an ONNX file and back."""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from etl.encoders.onnx_export import export_onnx, lowest_cosine
from etl.encoders.selection import EncoderChoice, export_name, load_encoder, stored_encoder
from etl.encoders.terramind import TerraMindEncoder, load_terramind
from etl.encoders.terramind_onnx import OnnxTerraMindEncoder, load_onnx
from etl.errors import EncoderError
from etl.store.encoder import EncoderRecord
from etl.store.work_files import encoder_dir
from etl.vectors.post_processing import PostProcessing
from tests.etl.encoders.chips import make_chips

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("terratorch") is None, reason='terratorch absent: pip install ".[terramind]"'
)


@pytest.fixture(scope="module")
def encoder() -> TerraMindEncoder:
    return load_terramind("random", seed=5, batch_size=2)


@pytest.fixture(scope="module")
def exported(encoder: TerraMindEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In fp32, checked on one tile."""
    path = tmp_path_factory.mktemp("onnx") / "new" / export_name("fp32")
    assert export_onnx(encoder, path, "fp32", make_chips(1)).min_cosine > 0.999999
    return path


@pytest.mark.slow
@needs_torch
def test_the_file_gives_torchs_vectors_for_any_number_of_tiles(encoder: TerraMindEncoder, exported: Path) -> None:
    found = load_onnx(exported)
    chips = make_chips(5, seed=8)
    chips[0, :, :30] = 0
    np.testing.assert_allclose(found.embed(chips), encoder.embed(chips), atol=2e-5)
    np.testing.assert_allclose(found.embed(chips[:1]), encoder.embed(chips[:1]), atol=2e-5)
    np.testing.assert_array_equal(found.embed(chips[:1]), found.embed(chips)[:1])  # no other tile has a say
    assert found.runtime == "onnx fp32 on CPUExecutionProvider"


@pytest.mark.slow
@needs_torch
def test_the_file_says_which_weights_it_was_made_from(encoder: TerraMindEncoder, exported: Path) -> None:
    found = load_encoder(EncoderChoice("terramind_v1_base", str(exported), encoder.weights_sha256))
    assert isinstance(found, OnnxTerraMindEncoder)
    assert (found.name, found.weights, found.weights_sha256) == (encoder.name, "random", encoder.weights_sha256)
    with pytest.raises(EncoderError, match=f"made from weights with SHA-256 {encoder.weights_sha256}, not 0000"):
        load_onnx(exported, "0" * 64)
    with pytest.raises(EncoderError, match="--precision bf16 is torch's"):
        load_encoder(EncoderChoice("terramind_v1_base", str(exported), precision="bf16"))


@pytest.mark.slow
@needs_torch
def test_a_kept_file_of_the_databases_weights_is_taken_without_being_named(
    encoder: TerraMindEncoder, exported: Path, tmp_path: Path, conn: psycopg.Connection[Any]
) -> None:
    encoder_dir(tmp_path).mkdir(parents=True)
    kept = encoder_dir(tmp_path) / exported.name
    shutil.copy(exported, kept)
    nothing = PostProcessing("standardised", np.zeros(768, np.float32), np.ones(768, np.float32))
    stored = EncoderRecord(encoder.name, "random", encoder.weights_sha256, nothing)
    assert isinstance(stored_encoder(conn, tmp_path, stored, None), OnnxTerraMindEncoder)


@pytest.mark.slow
@needs_torch
def test_a_file_that_does_not_agree_with_torch_is_not_kept(
    encoder: TerraMindEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.encoders.onnx_export._trace", lambda e, path, chips: path.write_bytes(b""))
    monkeypatch.setattr("etl.encoders.onnx_export._describe", lambda path, description: None)
    opposite = encoder.embed(make_chips(1))
    monkeypatch.setattr(
        "etl.encoders.onnx_export.load_onnx", lambda path: type("", (), {"embed": lambda _, chips: -opposite})()
    )
    with pytest.raises(EncoderError, match=r"a cosine of -1\.00000 to torch's, below 0\.999; no file was written"):
        export_onnx(encoder, tmp_path / "bad.onnx", "fp32", make_chips(1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@needs_torch
def test_bf16_stays_near_fp32(encoder: TerraMindEncoder) -> None:
    half = load_terramind("random", seed=5, precision="bf16")
    chips = make_chips(1)
    assert lowest_cosine(half.embed(chips), encoder.embed(chips)) > 0.999
    assert (half.weights_sha256, half.runtime) == (encoder.weights_sha256, f"torch bf16 on {half.device}")
    with pytest.raises(EncoderError, match="as published, in fp32"):
        export_onnx(half, Path("never.onnx"), "fp32", chips)


def test_what_is_no_exported_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("not a network")
    for name in ("text.onnx", "absent.onnx"):
        with pytest.raises(EncoderError, match=rf"{name} cannot be read as ONNX .* `terrakin etl export-onnx`"):
            load_onnx(tmp_path / name)


def test_a_network_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    same = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "same", [same], [
        onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    ])  # fmt: skip
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9),
              tmp_path / "other.onnx")  # fmt: skip
    with pytest.raises(EncoderError, match="does not say which weights it was made from"):
        load_onnx(tmp_path / "other.onnx")
