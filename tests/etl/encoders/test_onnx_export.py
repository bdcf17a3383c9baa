"""Export of the network, with random weights, from torch to an ONNX file."""

from pathlib import Path

import pytest

from benchmarks.chips import make_chips
from etl.encoders.onnx_export import export_onnx, lowest_cosine
from etl.encoders.terramind import TerraMindEncoder, load_terramind
from etl.errors import EncoderError

pytestmark = pytest.mark.slow


def test_a_file_that_does_not_agree_with_torch_is_deleted(
    terramind: TerraMindEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.encoders.onnx_export._trace", lambda e, path, chips: path.write_bytes(b""))
    monkeypatch.setattr("etl.encoders.onnx_export._describe", lambda path, description: None)
    opposite = terramind.embed(make_chips(1))
    monkeypatch.setattr(
        "etl.encoders.onnx_export.load_onnx", lambda path: type("", (), {"embed": lambda _, chips: -opposite})()
    )
    with pytest.raises(EncoderError, match=r"-1\.00000.*0\.999.*--min-cosine"):
        export_onnx(terramind, tmp_path / "bad.onnx", "fp32", make_chips(1))
    assert list(tmp_path.iterdir()) == []


def test_bf16_is_close_to_fp32_but_cannot_be_exported(terramind: TerraMindEncoder) -> None:
    half = load_terramind("random", seed=5, precision="bf16")
    chips = make_chips(1)
    assert lowest_cosine(half.embed(chips), terramind.embed(chips)) > 0.999
    assert (half.weights_sha256, half.runtime) == (terramind.weights_sha256, f"torch bf16 on {half.device}")
    with pytest.raises(EncoderError, match=r"fp32.*--weights"):
        export_onnx(half, Path("never.onnx"), "fp32", chips)


def test_mosaiks_cannot_be_exported() -> None:
    with pytest.raises(EncoderError, match=r"TerraMind.*--weights"):
        export_onnx(None, Path("never.onnx"), "fp32", make_chips(1))
