"""Loading the encoder that the user chose."""

from pathlib import Path

import pytest

from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue
from etl.encoders.galileo import MODEL_SHA256
from etl.encoders.selection import EncoderChoice, load_encoder
from etl.encoders.terramind import TerraMindEncoder
from etl.encoders.terramind_onnx import OnnxTerraMindEncoder
from etl.errors import EncoderError
from tests.etl.conftest import InThisProcess, environment, run_arguments
from tests.etl.test_bad_input import nothing_written


def test_mosaiks_is_not_loaded_because_it_is_fitted_later() -> None:
    assert load_encoder(EncoderChoice("mosaiks")) is None


def test_galileo_nano_is_the_encoder_where_none_is_named() -> None:
    encoder = load_encoder(EncoderChoice())
    assert encoder is not None
    assert (encoder.name, encoder.weights, encoder.default_method) == ("galileo_nano", "pretrained", "mean_std")


def test_an_unknown_name_raises_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(EncoderError, match=r"'terramynd'.*mosaiks.*terramind_v1_base"):
        load_encoder(EncoderChoice("terramynd"))


def test_a_path_of_another_suffix_is_read_as_a_torch_file(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"absent\.pt"):
        load_encoder(EncoderChoice("terramind_v1_base", str(tmp_path / "absent.pt")))


def test_galileo_nano_has_its_own_weights() -> None:
    assert load_encoder(EncoderChoice("galileo_nano", weights_sha256=MODEL_SHA256)).name == "galileo_nano"
    with pytest.raises(EncoderError, match=r"weights\.pt.*terramind_v1_base"):
        load_encoder(EncoderChoice("galileo_nano", "weights.pt"))
    with pytest.raises(EncoderError, match=rf"{MODEL_SHA256}.*{'0' * 64}"):
        load_encoder(EncoderChoice("galileo_nano", weights_sha256="0" * 64))


@pytest.mark.slow
def test_a_path_that_ends_in_onnx_is_read_by_onnx_runtime(terramind: TerraMindEncoder, exported: Path) -> None:
    found = load_encoder(EncoderChoice("terramind_v1_base", str(exported), terramind.weights_sha256))
    assert isinstance(found, OnnxTerraMindEncoder)


@pytest.mark.slow
def test_a_run_with_weights_of_another_network_is_refused_before_anything_is_written(
    terramind: TerraMindEncoder, database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    import torch

    path = tmp_path / "wrong.pt"
    torch.save({"layer.weight": torch.zeros(3)}, path)
    arguments = run_arguments(tiny_demo, "--encoder", terramind.name, "--weights", str(path))
    done = InThisProcess(environment(database.home, database.database_url))(*arguments)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"terrakin: error: {path}")
    assert "layer.weight" in line
    assert nothing_written(database)


def test_a_torch_precision_does_not_apply_to_an_onnx_file() -> None:
    with pytest.raises(EncoderError, match=r"bf16.*some\.onnx.*export-onnx"):
        load_encoder(EncoderChoice("terramind_v1_base", "some.onnx", precision="bf16"))
