"""The network of terratorch's registry with random weights; tests have no access to the pretrained ones."""

import hashlib
import importlib.util
import logging
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.chips import make_chips
from etl.encoders.terramind import MODALITY, TerraMindEncoder, load_terramind, normalised
from etl.errors import EncoderError
from etl.imagery.sentinel2 import BANDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("terratorch") is None, reason='terratorch absent: pip install ".[terramind]"'
    ),
]

HUB_FOLDER = "models--ibm-esa-geospatial--TerraMind-1.0-base"
COMMIT = "0123456789" * 4


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    return make_chips(3)


@pytest.fixture
def encoder(terramind: TerraMindEncoder) -> TerraMindEncoder:
    return terramind


@pytest.fixture(scope="module")
def state(terramind: TerraMindEncoder) -> dict[str, Any]:
    return dict(terramind.model.state_dict())


@pytest.fixture(scope="module")
def weights_file(state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The parameters of ``encoder`` as a file in the published format; 350 MB, so deleted at the end."""
    import torch

    path = tmp_path_factory.mktemp("weights") / "TerraMind_v1_base.pt"
    torch.save(state, path)
    yield path
    path.unlink()


def hollow(state: dict[str, Any]) -> dict[str, Any]:
    """Return the same keys and shapes with one stored number each, so that the files are small."""
    import torch

    return {key: torch.full((1,), 0.5).expand(value.shape) for key, value in state.items()}


def save(path: Path, content: Any) -> Path:
    import torch

    torch.save(content, path)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_embedding_equals_a_direct_call_of_the_registry_model(encoder: TerraMindEncoder, chips: np.ndarray) -> None:
    import torch
    from terratorch.models.backbones.terramind.model import terramind_register
    from terratorch.registry import BACKBONE_REGISTRY

    model = BACKBONE_REGISTRY.build("terramind_v1_base", pretrained=False, modalities=["S2L2A"]).eval()
    model.load_state_dict(encoder.model.state_dict())
    mean = torch.tensor(terramind_register.v1_pretraining_mean[MODALITY]).view(1, 12, 1, 1)
    std = torch.tensor(terramind_register.v1_pretraining_std[MODALITY]).view(1, 12, 1, 1)
    with torch.no_grad():
        expected = model((torch.tensor(chips.astype(np.float32)) - mean) / std)[-1]
    vectors = encoder.embed(chips)  # in two batches
    assert torch.get_float32_matmul_precision() == "highest"  # terratorch sets another one
    assert vectors.shape == (3, 196, 768)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected.numpy(), atol=1e-4)
    assert encoder.embed(chips[:0]).shape == (0, 196, 768)


def test_our_band_order_is_that_of_the_network() -> None:
    from terratorch.models.backbones.terramind.model import terramind_register

    names = {
        "B01": "COASTAL_AEROSOL",
        "B02": "BLUE",
        "B03": "GREEN",
        "B04": "RED",
        "B05": "RED_EDGE_1",
        "B06": "RED_EDGE_2",
        "B07": "RED_EDGE_3",
        "B08": "NIR_BROAD",
        "B8A": "NIR_NARROW",
        "B09": "WATER_VAPOR",
        "B11": "SWIR_1",
        "B12": "SWIR_2",
    }
    assert [names[band] for band in BANDS] == terramind_register.PRETRAINED_BANDS[MODALITY]


def test_the_order_of_bands_matters(encoder: TerraMindEncoder, chips: np.ndarray) -> None:
    swapped = chips[:1].copy()
    swapped[:, [2, 7]] = swapped[:, [7, 2]]
    assert np.abs(encoder.embed(swapped) - encoder.embed(chips[:1])).max() > 0.01


def test_nodata_becomes_the_mean_of_its_band(encoder: TerraMindEncoder, chips: np.ndarray) -> None:
    holed = chips[:1].copy()
    holed[:, 3, :20, :20] = 0
    fed = normalised(holed, encoder.band_mean, encoder.band_std)
    assert fed.dtype == np.float32
    np.testing.assert_array_equal(fed[:, :, :20, :20], 0)
    np.testing.assert_array_equal(fed[:, :, 20:], normalised(chips[:1], encoder.band_mean, encoder.band_std)[:, :, 20:])
    assert np.isfinite(encoder.embed(np.zeros((1, 12, 224, 224), np.uint16))).all()


def test_other_shapes_are_refused(encoder: TerraMindEncoder) -> None:
    with pytest.raises(EncoderError, match="13, 224, 224"):
        encoder.embed(np.zeros((1, 13, 224, 224), np.uint16))


def test_random_weights_follow_the_seed_and_are_logged(
    encoder: TerraMindEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    before = torch.random.get_rng_state()
    with caplog.at_level(logging.INFO, logger="etl.encoders.terramind"):
        again = load_terramind("random", seed=5)
    assert f"encoder=terramind_v1_base weights=random sha256={again.weights_sha256} precision=fp32" in caplog.text
    other = load_terramind("random", seed=6)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (encoder.name, encoder.weights, encoder.dimension) == ("terramind_v1_base", "random", 768)
    assert again.weights_sha256 == encoder.weights_sha256 != other.weights_sha256
    with pytest.raises(EncoderError, match=r"random weights.*--weights-sha256"):
        load_terramind("random", sha256="00")


def test_a_file_gives_the_vectors_of_its_weights(
    encoder: TerraMindEncoder, weights_file: Path, chips: np.ndarray
) -> None:
    digest = sha256(weights_file)
    loaded = load_terramind(weights_file, sha256=digest.upper())
    assert (loaded.weights, loaded.weights_sha256) == ("pretrained", digest)
    np.testing.assert_allclose(loaded.embed(chips[:1]), encoder.embed(chips[:1]), atol=1e-5)


def test_the_hub_cache_is_read_without_network_access(
    encoder: TerraMindEncoder,
    weights_file: Path,
    chips: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = tmp_path / HUB_FOLDER / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "TerraMind_v1_base.pt").symlink_to(weights_file)
    refs = tmp_path / HUB_FOLDER / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)
    use_hub(monkeypatch, UNREACHABLE, tmp_path)
    loaded = load_terramind("hub")
    assert (loaded.weights, loaded.weights_sha256) == ("pretrained", sha256(weights_file))
    np.testing.assert_allclose(loaded.embed(chips[:1]), encoder.embed(chips[:1]), atol=1e-5)


class Hub(ThreadingHTTPServer):
    """A hub on the loopback interface with one weights file, of which it sends at most ``n_sent`` bytes."""

    def __init__(self, body: bytes, n_sent: int | None = None) -> None:
        self.body, self.n_sent = body, n_sent
        super().__init__(("127.0.0.1", 0), HubHandler)

    def __enter__(self) -> "Hub":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class HubHandler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(self.server.body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        if not self.path.startswith("/api/"):
            self.wfile.write(self.server.body[: self.server.n_sent])

    def log_message(self, *_: object) -> None:
        pass


def use_hub(monkeypatch: pytest.MonkeyPatch, address: str, cache: Path) -> None:
    constants = "huggingface_hub.constants."
    monkeypatch.setattr(constants + "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants + "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants + "HUGGINGFACE_CO_URL_TEMPLATE", template)


UNREACHABLE = "http://127.0.0.1:9"


def test_the_hub_file_is_downloaded_checked_and_cached(
    state: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = save(tmp_path / "published.pt", hollow(state))
    with Hub(published.read_bytes()) as hub:
        use_hub(monkeypatch, f"http://127.0.0.1:{hub.server_port}", tmp_path / "cache")
        assert load_terramind("hub").weights_sha256 == sha256(published)
    use_hub(monkeypatch, UNREACHABLE, tmp_path / "cache")
    assert load_terramind("hub", sha256=sha256(published)).weights == "pretrained"
    with pytest.raises(EncoderError, match=r"SHA-256 .* not 00"):
        load_terramind("hub", sha256="00")


def test_an_interrupted_download_raises_an_error_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: TerraMindEncoder
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    with Hub(b"x" * 200_000, n_sent=1000) as hub:
        use_hub(monkeypatch, f"http://127.0.0.1:{hub.server_port}", tmp_path)
        with pytest.raises(EncoderError, match=r"TerraMind_v1_base.pt .* --weights FILE"):
            load_terramind("hub")
    assert not list(tmp_path.rglob("TerraMind_v1_base.pt"))


@pytest.mark.parametrize("offline_mode", [True, False])
def test_an_unreachable_hub_is_reported_within_seconds_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: TerraMindEncoder, offline_mode: bool
) -> None:
    use_hub(monkeypatch, UNREACHABLE, tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline_mode)
    start = time.perf_counter()
    with pytest.raises(EncoderError, match=r"TerraMind_v1_base.pt .* --weights FILE") as error:
        load_terramind("hub")
    assert time.perf_counter() - start < 10
    assert "\n" not in str(error.value)


def test_the_published_file_with_its_unused_parts_is_accepted(state: dict[str, Any], tmp_path: Path) -> None:
    import torch

    buffers = [key for key in state if key.endswith(("pos_emb", ".bias"))]
    published = {key: value for key, value in hollow(state).items() if key not in buffers}
    for other in ("decoder.0.norm1.weight", "mask_token", "encoder_embeddings.untok_dem@224.mod_emb"):
        published[other] = torch.zeros(3)
    encoder = load_terramind(save(tmp_path / "whole.pt", published))
    assert buffers
    assert all((parameter == 0.5).all() for parameter in encoder.model.parameters())
    for key in buffers:
        assert torch.equal(encoder.model.state_dict()[key], state[key])


def test_missing_keys_are_listed(state: dict[str, Any], tmp_path: Path) -> None:
    partial = {key: value for key, value in hollow(state).items() if not key.startswith("encoder.11.")}
    with pytest.raises(EncoderError, match=r"partial\.pt .* 7 keys missing \(encoder\.11\.norm1\.weight"):
        load_terramind(save(tmp_path / "partial.pt", partial))


def test_unknown_keys_shapes_and_values_are_listed(state: dict[str, Any], tmp_path: Path) -> None:
    import torch

    unknown = hollow(state)
    unknown["model.head.weight"] = torch.zeros(2)
    unknown[f"encoder_embeddings.{MODALITY}.proj.bias"] = torch.zeros(768)
    unknown["encoder.3.norm1.weight"] = torch.ones(384)
    unknown["encoder_norm.weight"] = torch.full((768,), torch.nan)
    with pytest.raises(EncoderError) as error:
        load_terramind(save(tmp_path / "unknown.pt", unknown))
    text = str(error.value)
    assert "2 keys unexpected (model.head.weight, encoder_embeddings.untok_sen2l2a@224.proj.bias)" in text
    assert "1 keys of another shape (encoder.3.norm1.weight)" in text
    assert "1 keys not finite (encoder_norm.weight)" in text
    assert "\n" not in text


def test_prefixed_keys_are_refused_instead_of_leaving_random_weights(state: dict[str, Any], tmp_path: Path) -> None:
    prefixed = {f"model.{key}": value for key, value in hollow(state).items()}
    with pytest.raises(EncoderError, match=r"keys missing .*; 113 keys unexpected"):
        load_terramind(save(tmp_path / "prefixed.pt", prefixed))


class WritesAFile:
    """Creates a file when it is unpickled without safeguards."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_files_that_are_not_weights_are_refused_and_run_no_code(tmp_path: Path, state: dict[str, Any]) -> None:
    text = tmp_path / "text.pt"
    text.write_text("not weights")
    empty = tmp_path / "empty.pt"
    empty.touch()
    whole = save(tmp_path / "whole.pt", hollow(state))
    truncated = tmp_path / "truncated.pt"
    truncated.write_bytes(whole.read_bytes()[:9000])
    evil = save(tmp_path / "evil.pt", {"a": WritesAFile(tmp_path / "made")})
    for path in (text, empty, truncated, evil):
        with pytest.raises(EncoderError, match=rf"{path.name} .* as published") as error:
            load_terramind(path)
        assert "weights_only" not in str(error.value)
    assert not (tmp_path / "made").exists()
    for path in (
        save(tmp_path / "list.pt", [1, 2]),
        save(tmp_path / "nested.pt", {"model": {}}),
        save(tmp_path / "none.pt", {}),
    ):
        with pytest.raises(EncoderError, match=rf"{path.name} .*named tensors.* as published"):
            load_terramind(path)


def test_a_wrong_hash_is_reported_before_the_slow_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.encoders.terramind._import_terratorch", lambda: pytest.fail("imported"))
    path = tmp_path / "weights.pt"
    path.write_bytes(b"downloaded by half")
    with pytest.raises(EncoderError, match=rf"{sha256(path)}.*{'0' * 64}.*download"):
        load_terramind(path, sha256="0" * 64)


@pytest.mark.parametrize("name", ["absent.pt", "."])
def test_a_missing_file_or_a_folder_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(EncoderError, match=r"\((No such file|Is a)"):
        load_terramind(tmp_path / name)


def test_without_terratorch_the_error_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "terratorch.registry", None)
    with pytest.raises(EncoderError, match=r'pip install "\.\[terramind\]"'):
        load_terramind("random")
