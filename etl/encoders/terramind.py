"""TerraMind 1.0 base, the published network, through terratorch's registry. The only module that imports torch.

Jakubik et al. 2025, "TerraMind: Large-Scale Generative Multimodality for Earth Observation" (arXiv:2504.11171).
terratorch itself loads a weights file leniently: wrong keys leave an untrained network behind a log line. So the
file is read, compared with the network and hashed here.
"""

import hashlib
import logging
import pickle
import urllib.request
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from etl.encoders.batching import N_CORES, embed_batches
from etl.encoders.encoder import DIMENSION, Weights, check_chips
from etl.encoders.validity import valid_pixels
from etl.errors import EncoderError

log = logging.getLogger(__name__)

NAME = "terramind_v1_base"
MODALITY = "untok_sen2l2a@224"
Precision = Literal["fp32", "bf16"]
HUB_TIMEOUT_S = 5.0
# The published file holds the whole generative model; of it, these belong to parts that are not used here.
OTHER_PARTS = ("decoder", "mask_token", "encoder_embeddings.")
N_LISTED = 3

INSTALL = 'install it with: pip install ".[terramind]"'
GIVE_FILE = "or give the downloaded file with --weights FILE, or ask for untrained weights with --weights random"


@dataclass(frozen=True)
class TerraMindEncoder:
    """The network in memory, ready to embed.

    Attributes:
        weights: ``pretrained`` (from the hub or a file) or ``random`` (untrained: similarities mean little).
        weights_sha256: of the weights file; of the parameters themselves where they are random.
        band_mean: (12,) float32, reflectance * 10000 that the network was trained with.
        band_std: (12,) float32, the same.
        batch_size: tiles per pass, of which every core has its own; a tile takes 0.1 GB.
        precision: ``fp32`` or ``bf16``, of the model's parameters.
        device: torch's name of where the model is: ``cuda`` where there is such a GPU.
    """

    weights: Weights
    weights_sha256: str
    band_mean: np.ndarray
    band_std: np.ndarray
    model: Any = field(repr=False)
    batch_size: int = 4
    precision: Precision = "fp32"
    device: str = "cpu"
    name: str = NAME
    dimension: int = DIMENSION

    @property
    def runtime(self) -> str:
        """What computes: ``torch fp32 on cpu``."""
        return f"torch {self.precision} on {self.device}"

    def embed(self, chips: np.ndarray) -> np.ndarray:
        """Patch vectors of tiles: the last layer of the network; see ``etl.encoders.Encoder.embed``.

        Nodata pixels (any band 0) become the mean of their band, which is 0 after normalisation: what the network
        takes as saying nothing.
        """
        import torch

        check_chips(chips)
        if self.device != "cpu":
            return embed_batches(self._run, chips, self.batch_size, n_at_once=1)
        n_threads = torch.get_num_threads()
        try:
            return embed_batches(self._run, chips, self.batch_size, N_CORES, lambda: torch.set_num_threads(1))
        finally:
            torch.set_num_threads(n_threads)  # is the whole process's, in part

    def _run(self, chips: np.ndarray) -> np.ndarray:
        import torch

        kind = torch.bfloat16 if self.precision == "bf16" else torch.float32
        bands = torch.from_numpy(normalised(chips, self.band_mean, self.band_std))
        with torch.inference_mode():  # of this thread alone
            vectors: np.ndarray = self.model(bands.to(self.device, kind))[-1].float().cpu().numpy()
        return vectors


def normalised(chips: np.ndarray, band_mean: np.ndarray, band_std: np.ndarray) -> np.ndarray:
    """What the network is fed: (n, 12, 224, 224) float32, each band centred and scaled, nodata 0."""
    bands: np.ndarray = np.subtract(chips, band_mean[:, None, None], dtype=np.float32)
    bands /= band_std[:, None, None]
    bands *= valid_pixels(chips)[:, None]
    return bands


def load_terramind(
    weights: Path | Literal["random", "hub"],
    sha256: str | None = None,
    seed: int = 0,
    batch_size: int = 4,
    precision: Precision = "fp32",
) -> TerraMindEncoder:
    """Build the network, fill it with checked weights, and put it on the GPU where torch sees one.

    Args:
        weights: ``hub`` (from the local hub cache, else downloaded), a file of the same form, or ``random``.
        sha256: what the file's SHA-256 must be, hexadecimal; not for random weights.
        seed: of random weights.
        batch_size: tiles per pass.
        precision: ``bf16`` halves memory and, on processors that compute in it (AVX512-BF16, AMX) and GPUs, time;
            on others it is many times slower. The weights' hash is that of the file, whatever the precision.

    Raises:
        EncoderError: terratorch is missing; the hub cannot be reached; the file is absent, is no weights file, has
            another hash, lacks parameters or has foreign ones.
    """
    if weights == "random" and sha256 is not None:
        raise EncoderError("random weights have no file whose SHA-256 could be checked; leave the hash away")
    # A mistyped path or hash is told at once, not after the 10 s that terratorch takes to import.
    digest = None if weights in ("random", "hub") else _file_sha256(Path(weights), sha256)
    library = _import_terratorch()
    model = _build(library, seed)
    kind: Weights = "random" if weights == "random" else "pretrained"
    if kind == "random":
        digest = _state_sha256(model.state_dict())
    else:
        path = _hub_file(library) if weights == "hub" else Path(weights)
        digest = digest or _file_sha256(path, sha256)
        _fill(model, _read_state(library, path), path)
    mean, std = (
        np.asarray(table[MODALITY], np.float32)
        for table in (library.register.v1_pretraining_mean, library.register.v1_pretraining_std)
    )
    device = "cuda" if library.torch.cuda.is_available() else "cpu"
    model = model.to(device, library.torch.bfloat16 if precision == "bf16" else library.torch.float32)
    log.info("encoder=%s weights=%s sha256=%s precision=%s device=%s", NAME, kind, digest, precision, device)
    return TerraMindEncoder(kind, digest, mean, std, model, batch_size, precision, device)


def _import_terratorch() -> SimpleNamespace:
    try:
        with warnings.catch_warnings():
            # terratorch's import of its many dependencies takes 10 s; their deprecations are none of ours.
            warnings.simplefilter("ignore")
            import torch
            from terratorch.models.backbones.terramind.model import terramind_register
            from terratorch.registry import BACKBONE_REGISTRY
    except (ImportError, RuntimeError) as error:  # RuntimeError: torch and torchvision of different releases
        raise EncoderError(f"TerraMind needs terratorch, which cannot be imported ({error}); {INSTALL}") from error
    return SimpleNamespace(torch=torch, register=terramind_register, registry=BACKBONE_REGISTRY)


def _build(library: SimpleNamespace, seed: int) -> Any:
    with library.torch.random.fork_rng(devices=[]):
        library.torch.manual_seed(seed)
        model = library.registry.build(NAME, pretrained=False, modalities=["S2L2A"])
    return model.eval()


def _hub_file(library: SimpleNamespace) -> Path:
    """The published file in the local hub cache, downloaded first where it is not there yet."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    known = library.register.pretrained_weights[NAME]
    place = {"repo_id": known["hf_hub_id"], "filename": known["hf_hub_filename"]}
    # A download that breaks off raises a bare error of the HTTP library, and that differs between hub versions
    # (requests, httpx, httpx2); the hub's own error is derived from it.
    http_error: type[Exception] = HfHubHTTPError.__bases__[0]
    try:
        return Path(huggingface_hub.hf_hub_download(**place, local_files_only=True))
    except LocalEntryNotFoundError:
        log.info("weights=hub cached=false repo=%s", place["repo_id"])
    try:
        if not huggingface_hub.is_offline_mode():
            # Without this look the download tries an unreachable hub for 23 s.
            page = f"{huggingface_hub.constants.ENDPOINT}/api/models/{place['repo_id']}"
            urllib.request.urlopen(page, timeout=HUB_TIMEOUT_S).close()
        return Path(huggingface_hub.hf_hub_download(**place))
    except (OSError, http_error) as error:
        raise EncoderError(
            f"{place['filename']} of {place['repo_id']} is not in the hub cache and cannot be downloaded "
            f"({error}); go online, {GIVE_FILE}"
        ) from error


def _file_sha256(path: Path, expected: str | None) -> str:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"weights file {path} cannot be read ({error.strerror}); give another path") from error
    if expected is not None and digest != expected.strip().lower():
        raise EncoderError(
            f"weights file {path} has SHA-256 {digest}, not {expected}; download it again or correct the hash"
        )
    return digest


def _read_state(library: SimpleNamespace, path: Path) -> dict[str, Any]:
    try:
        state = library.torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError, OSError) as error:
        # torch's own text advises weights_only=False, which would run code from the file: not passed on.
        raise EncoderError(
            f"{path} is not a torch weights file ({type(error).__name__}); give TerraMind_v1_base.pt as published"
        ) from error
    is_state = isinstance(state, dict) and all(isinstance(v, library.torch.Tensor) for v in state.values())
    if not is_state or not state:
        raise EncoderError(f"{path} holds no table of named tensors; give TerraMind_v1_base.pt as published")
    return dict(state)


def _fill(model: Any, state: dict[str, Any], path: Path) -> None:
    """Copy every parameter from ``state``; nothing may be left at its random start.

    Buffers (position encodings, zero biases) are constants of the code and may be absent.
    """
    target = model.state_dict()
    learned = dict(model.named_parameters())
    own_embedding = f"encoder_embeddings.{MODALITY}."
    faults = {
        "missing": [key for key in learned if key not in state],
        "unexpected": [
            key
            for key in state
            if key not in target and (key.startswith(own_embedding) or not key.startswith(OTHER_PARTS))
        ],
        "of another shape": [key for key in state if key in target and state[key].shape != target[key].shape],
        "not finite": [key for key in state if key in target and not state[key].isfinite().all()],
    }
    texts = [_listed(fault, keys) for fault, keys in faults.items() if keys]
    if texts:
        raise EncoderError(f"{path} does not fit {NAME}: {'; '.join(texts)}; give TerraMind_v1_base.pt as published")
    model.load_state_dict({key: state.get(key, value) for key, value in target.items()}, strict=True)


def _listed(fault: str, keys: list[str]) -> str:
    shown = ", ".join(keys[:N_LISTED]) + (", ..." if len(keys) > N_LISTED else "")
    return f"{len(keys)} keys {fault} ({shown})"


def _state_sha256(state: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for key, value in sorted(state.items()):
        digest.update(f"{key} {tuple(value.shape)}".encode())
        digest.update(value.numpy().astype("<f4").tobytes())
    return digest.hexdigest()
