"""TerraMind 1.0 base with torch, built by terratorch's registry.

Jakubik et al. 2025, "TerraMind: Large-Scale Generative Multimodality for Earth Observation" (arXiv:2504.11171).
terratorch loads weights leniently: wrong keys leave the network untrained and only write a log line. Therefore this
module reads the file, compares it with the network, and hashes it.
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
from etl.encoders.encoder import DIMENSION, NOMINAL_MONTH, DefaultMethod, Weights, check_chips
from etl.encoders.validity import valid_pixels
from etl.errors import EncoderError

log = logging.getLogger(__name__)

NAME = "terramind_v1_base"
MODALITY = "untok_sen2l2a@224"
Precision = Literal["fp32", "bf16"]
HUB_TIMEOUT_S = 5.0
# The published file contains the whole generative model; keys with these prefixes belong to parts not used here.
OTHER_PARTS = ("decoder", "mask_token", "encoder_embeddings.")
N_LISTED = 3

INSTALL = 'install it with: pip install ".[terramind]"'
GIVE_FILE = "or pass the downloaded file with --weights FILE, or use untrained weights with --weights random"


@dataclass(frozen=True)
class TerraMindEncoder:
    """The network in memory, ready to embed.

    Attributes:
        weights: ``pretrained`` (from the hub or a file) or ``random`` (untrained: similarities mean little).
        weights_sha256: SHA-256 of the weights file, or of the parameters if they are random.
        band_mean: (12,) float32, means of the training data, reflectance x 10000.
        band_std: (12,) float32, their standard deviations.
        batch_size: tiles per forward pass; each core runs its own pass, and a tile takes 0.1 GB.
        precision: ``fp32`` or ``bf16``, of the model's parameters.
        device: torch's name of the device: ``cuda`` if there is such a GPU, else ``cpu``.
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
    default_method: DefaultMethod = "mean"

    @property
    def runtime(self) -> str:
        """Runtime, precision and device, such as ``torch fp32 on cpu``."""
        return f"torch {self.precision} on {self.device}"

    def embed(self, chips: np.ndarray, month: int = NOMINAL_MONTH) -> np.ndarray:
        """Return the last layer of the network for each patch; see ``etl.encoders.encoder.Encoder.embed``.

        Nodata pixels (any band 0) are replaced by the mean of their band, which is 0 after normalisation.
        """
        import torch

        check_chips(chips)
        if self.device != "cpu":
            return embed_batches(self._run, chips, self.batch_size, n_parallel=1)
        n_threads = torch.get_num_threads()
        try:
            return embed_batches(self._run, chips, self.batch_size, N_CORES, lambda: torch.set_num_threads(1))
        finally:
            torch.set_num_threads(n_threads)  # partly a setting of the whole process

    def _run(self, chips: np.ndarray) -> np.ndarray:
        import torch

        kind = torch.bfloat16 if self.precision == "bf16" else torch.float32
        bands = torch.from_numpy(normalised(chips, self.band_mean, self.band_std))
        with torch.inference_mode():  # applies to this thread only
            vectors: np.ndarray = self.model(bands.to(self.device, kind))[-1].float().cpu().numpy()
        return vectors


def normalised(chips: np.ndarray, band_mean: np.ndarray, band_std: np.ndarray) -> np.ndarray:
    """Return the input of the network: (n, 12, 224, 224) float32, each band centred and scaled, nodata 0."""
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
    """Return the network with checked weights, on the GPU if torch finds one.

    Args:
        weights: ``hub`` (from the local hub cache, else downloaded), a file of the same format, or ``random``.
        sha256: the SHA-256 that the file must have, hexadecimal; not for random weights.
        seed: of random weights.
        batch_size: tiles per forward pass.
        precision: ``bf16`` halves memory, and halves time on GPUs and on CPUs that compute in it (AVX512-BF16, AMX); on
            other CPUs it is many times slower. The hash is always that of the file.

    Raises:
        EncoderError: terratorch is missing; the hub cannot be reached; or the file is missing, is not a weights file,
            has another hash, lacks parameters or has unknown ones.
    """
    if weights == "random" and sha256 is not None:
        raise EncoderError("random weights have no file with a SHA-256; omit --weights-sha256")
    # Report a mistyped path or hash at once, not after the 10 s that importing terratorch takes.
    digest = None if weights in ("random", "hub") else _file_sha256(Path(weights), sha256)
    library = _import_terratorch()
    kind: Weights
    if weights == "random":
        kind, model = "random", _build(library, seed)
        digest = _state_sha256(model.state_dict())
    else:
        path = _hub_file(library) if weights == "hub" else Path(weights)
        digest = digest or _file_sha256(path, sha256)
        state = _read_state(library, path)
        kind, model = "pretrained", _build(library, seed)
        _fill(model, state, path)
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
            # Deprecations inside terratorch's dependencies are not ours to fix.
            warnings.simplefilter("ignore")
            import torch
            from terratorch.models.backbones.terramind.model import terramind_register
            from terratorch.registry import BACKBONE_REGISTRY
    except (ImportError, RuntimeError) as error:  # RuntimeError: torch and torchvision do not match
        raise EncoderError(f"TerraMind needs terratorch, which cannot be imported ({error}); {INSTALL}") from error
    # One of terratorch's backbones sets "medium" on import: CPUs with AMX would then multiply float32 in bfloat16.
    torch.set_float32_matmul_precision("highest")
    return SimpleNamespace(torch=torch, register=terramind_register, registry=BACKBONE_REGISTRY)


def _build(library: SimpleNamespace, seed: int) -> Any:
    with library.torch.random.fork_rng(devices=[]):
        library.torch.manual_seed(seed)
        model = library.registry.build(NAME, pretrained=False, modalities=["S2L2A"])
    return model.eval()


def _hub_file(library: SimpleNamespace) -> Path:
    """Return the published file in the local hub cache; download it first if it is missing."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    known = library.register.pretrained_weights[NAME]
    place = {"repo_id": known["hf_hub_id"], "filename": known["hf_hub_filename"]}
    # An interrupted download raises an error of the HTTP library, which differs between hub versions (requests, httpx,
    # httpx2); the hub's own error derives from it.
    http_error: type[Exception] = HfHubHTTPError.__bases__[0]
    try:
        return Path(huggingface_hub.hf_hub_download(**place, local_files_only=True))
    except LocalEntryNotFoundError:
        log.info("weights=hub cached=false repo=%s", place["repo_id"])
    try:
        if not huggingface_hub.is_offline_mode():
            # Without this request, the download would retry an unreachable hub for 23 s.
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
        raise EncoderError(f"weights file {path} cannot be read ({error.strerror}); pass another path") from error
    if expected is not None and digest != expected.strip().lower():
        raise EncoderError(
            f"weights file {path} has SHA-256 {digest}, not {expected}; download it again or correct the hash"
        )
    return digest


def _read_state(library: SimpleNamespace, path: Path) -> dict[str, Any]:
    try:
        state = library.torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError, OSError) as error:
        # torch's message is not passed on: it advises weights_only=False, which would run code from the file.
        raise EncoderError(
            f"{path} is not a torch weights file ({type(error).__name__}); pass TerraMind_v1_base.pt as published"
        ) from error
    is_state = isinstance(state, dict) and all(isinstance(v, library.torch.Tensor) for v in state.values())
    if not is_state or not state:
        raise EncoderError(f"{path} contains no table of named tensors; pass TerraMind_v1_base.pt as published")
    return dict(state)


def _fill(model: Any, state: dict[str, Any], path: Path) -> None:
    """Copy every parameter from ``state``; raise EncoderError if one would keep its random initial value.

    Buffers (position encodings, zero biases) are constants of the code and may be missing from the file.
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
        raise EncoderError(f"{path} does not fit {NAME}: {'; '.join(texts)}; pass TerraMind_v1_base.pt as published")
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
