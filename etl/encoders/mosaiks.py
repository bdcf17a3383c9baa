"""Random convolutional features of the data itself, after MOSAIKS: no network, no downloaded weights, no torch.

Rolf et al. 2021, "A generalizable and accessible approach to machine learning with global satellite imagery"
(Nature Communications 12:4392): random patches of the images serve as convolution filters; the positive and the
negative part of the response are averaged over an area. Patches are ZCA-whitened as in Coates and Ng 2012,
"Learning feature representations with k-means". Here the area is one 160 m x 160 m patch of a tile, and the
features are 384 filters x 2 signs = 768 numbers.

Steps at every second pixel: reflectance -> square root -> standardised per band -> 5 x 5 px window -> centred and
whitened -> product r with each filter -> max(r, 0) and max(-r, 0) -> mean over the 16 x 16 px patch.
Centring, whitening and filters are folded into one matrix and one offset.

The constants were chosen by how often a quarter of a real tile finds another quarter of the same tile first, also
with its brightness changed by up to 20 %. 7 x 7 px, a stride of 1 or 4, log instead of root: no better. A bias
cut off the responses (0.5 or 1): worse. Reflectance without root: worse when the brightness changes. Whitening
(WHITENING_SHARE) is a compromise: 0.01 is a little better on these real tiles, 1 on the demo's drawn towns.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.cities.grid import PATCH_PX, TILE_PX
from etl.encoders.batching import N_CORES, embed_batches
from etl.encoders.encoder import DIMENSION, N_BANDS, N_PATCHES, REFLECTANCE_SCALE, check_chips
from etl.encoders.validity import valid_pixels
from etl.errors import EncoderError

N_FILTERS = DIMENSION // 2
KERNEL_PX = 5
STRIDE_PX = 2
# Share of the mean eigenvalue that is added to all before whitening, so that noise is not blown up.
WHITENING_SHARE = 0.1
# Windows sampled from each tile: more than the 384 filters, so that one clear tile is enough to run, and enough
# for the covariance of the 300 values of a window from some ten tiles on.
WINDOWS_PER_CHIP = 400

ARRAYS = ("band_mean", "band_std", "filters", "offset")


@dataclass(frozen=True)
class MosaiksEncoder:
    """Filters fitted to a sample of tiles.

    Attributes:
        band_mean: (12,) float32, of the square root of reflectance; also what nodata pixels are filled with.
        band_std: (12,) float32.
        filters: (12 * 5 * 5, 384) float32, to be multiplied with windows of standardised bands (band, row, col).
        offset: (384,) float32, added to that product: what centring the windows takes off.
    """

    band_mean: np.ndarray
    band_std: np.ndarray
    filters: np.ndarray
    offset: np.ndarray
    name: str = "mosaiks"
    weights: Literal["fitted"] = "fitted"
    dimension: int = DIMENSION
    runtime: str = "numpy fp32"

    @property
    def weights_sha256(self) -> str:
        """SHA-256 over the fitted arrays (type, shape, little-endian bytes) and the fixed parameters."""
        digest = hashlib.sha256(f"mosaiks {KERNEL_PX} {STRIDE_PX}".encode())
        for name in ARRAYS:
            array = np.ascontiguousarray(getattr(self, name), dtype="<f4")
            digest.update(f"{name} {array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def embed(self, chips: np.ndarray) -> np.ndarray:
        """Patch vectors of tiles; see ``etl.encoders.Encoder.embed``.

        Nodata pixels (any band 0) are filled with the fitted band means. Tiles are embedded side by side on all
        processors, each on its own, so that the answer for a tile does not depend on the batch.
        """
        check_chips(chips)
        with threadpool_limits(1, user_api="blas"):
            return embed_batches(lambda chip: self._embed_one(chip[0])[None], chips, batch_size=1, n_at_once=N_CORES)

    def _embed_one(self, chip: np.ndarray) -> np.ndarray:
        bands = (_root_reflectance(chip) - self.band_mean[:, None, None]) / self.band_std[:, None, None]
        bands[:, ~valid_pixels(chip)] = 0
        reach = KERNEL_PX // 2
        padded = np.pad(bands, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
        windows = sliding_window_view(padded, (KERNEL_PX, KERNEL_PX), axis=(1, 2))[:, ::STRIDE_PX, ::STRIDE_PX]
        side, per_patch = TILE_PX // PATCH_PX, PATCH_PX // STRIDE_PX
        vectors = np.empty((side, side, DIMENSION), np.float32)
        for row in range(side):  # one row of patches at a time: its windows stay in the processor's cache
            block = windows[:, row * per_patch : (row + 1) * per_patch].transpose(1, 2, 0, 3, 4)
            response = block.reshape(-1, len(self.filters)) @ self.filters + self.offset
            shape = (per_patch, side, per_patch, N_FILTERS)
            for sign, half in ((1, slice(0, N_FILTERS)), (-1, slice(N_FILTERS, None))):
                vectors[row, :, half] = np.maximum(sign * response, 0).reshape(shape).mean(axis=(0, 2))
        return vectors.reshape(N_PATCHES, DIMENSION)

    def to_bytes(self) -> bytes:
        """An ``.npz`` file, of which ``from_bytes`` makes the same encoder."""
        file = io.BytesIO()
        np.savez(file, **{name: getattr(self, name) for name in ARRAYS}, sha256=np.array(self.weights_sha256))
        return file.getvalue()

    @classmethod
    def from_bytes(cls, npz: bytes, where: str) -> Self:
        """Read what ``to_bytes`` made; ``where`` names its place in errors.

        Raises:
            EncoderError: it is no such file, damaged, or of other fixed parameters.
        """
        try:
            with np.load(io.BytesIO(npz), allow_pickle=False) as file:
                encoder = cls(*(file[name] for name in ARRAYS))
                recorded = str(file["sha256"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise EncoderError(f"{where} holds no MOSAIKS filters ({error}); remove it and fit again") from error
        if recorded != encoder.weights_sha256:
            raise EncoderError(
                f"{where} is damaged or of another version: SHA-256 {encoder.weights_sha256[:12]}..., "
                f"recorded {recorded[:12]}...; remove it and fit again"
            )
        return encoder


def fit(chips: Iterable[np.ndarray], seed: int = 0) -> MosaiksEncoder:
    """Sample windows from tiles and make whitened filters of them.

    From the i-th tile ``WINDOWS_PER_CHIP`` windows without nodata are drawn by a generator seeded with (seed, i).
    All of them make the band statistics and the whitening; 384 drawn evenly from all are the filters. Memory
    does not grow with the number of tiles. Some hundred tiles of all kinds are a good sample.

    Args:
        chips: tiles (12, 224, 224) uint16, reflectance * 10000, 0 = nodata.
        seed: equal tiles in equal order with an equal seed give an equal encoder.

    Raises:
        EncoderError: a tile of another shape, or fewer than 384 windows without nodata in all.
    """
    # One BLAS thread: sums in another order differ in the last digits, and with them the SHA-256 of the weights.
    with threadpool_limits(1, user_api="blas"):
        return _whitened(*_sample(chips, seed))


def _sample(chips: Iterable[np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (300,) and covariance (300, 300) of all windows drawn, and the 384 (384, 300) that become filters."""
    size = N_BANDS * KERNEL_PX**2
    count, total, products = 0, np.zeros(size), np.zeros((size, size))
    kept, keys = np.empty((0, size), np.float32), np.empty(0)
    for i, chip in enumerate(chips):
        check_chips(chip[None])
        rng = np.random.default_rng((seed, i))
        windows = _sample_windows(chip, rng)
        exact = windows.astype(np.float64)
        count, total, products = count + len(exact), total + exact.sum(axis=0), products + exact.T @ exact
        keys = np.concatenate([keys, rng.random(len(windows))])
        kept = np.concatenate([kept, windows])
        lowest = np.argsort(keys, kind="stable")[:N_FILTERS]
        keys, kept = keys[lowest], kept[lowest]
    if len(kept) < N_FILTERS:
        raise EncoderError(
            f"only {count} windows without nodata to make {N_FILTERS} filters of; give more or clearer tiles"
        )
    mean = total / count
    return mean, products / count - np.outer(mean, mean), kept.astype(np.float64)


def _whitened(mean: np.ndarray, covariance: np.ndarray, windows: np.ndarray) -> MosaiksEncoder:
    """Fold band scaling, ZCA whitening and unit-length filters into one product."""
    per_band = (N_BANDS, KERNEL_PX**2)
    band_mean = mean.reshape(per_band).mean(axis=1)
    variance = np.diag(covariance) + (mean - np.repeat(band_mean, KERNEL_PX**2)) ** 2
    band_std = np.sqrt(variance.reshape(per_band).mean(axis=1))
    band_std = np.where(band_std > 1e-6, band_std, 1.0)
    scale = np.repeat(band_std, KERNEL_PX**2)
    eigenvalues, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    eigenvalues = np.maximum(eigenvalues, 0)
    ridge = max(WHITENING_SHARE * eigenvalues.mean(), 1e-12)
    zca = (vectors / np.sqrt(eigenvalues + ridge)) @ vectors.T
    whitened = ((windows - mean) / scale) @ zca
    length = np.linalg.norm(whitened, axis=1, keepdims=True)
    filters = zca @ (whitened / np.maximum(length, 1e-12)).T
    offset = -((mean - np.repeat(band_mean, KERNEL_PX**2)) / scale) @ filters
    return MosaiksEncoder(
        band_mean=band_mean.astype(np.float32),
        band_std=band_std.astype(np.float32),
        filters=filters.astype(np.float32),
        offset=offset.astype(np.float32),
    )


def _sample_windows(chip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Windows (n, 12 * 5 * 5) float32 at random places without nodata; fewer where there are fewer places."""
    window = (KERNEL_PX, KERNEL_PX)
    rows, cols = np.nonzero(sliding_window_view(valid_pixels(chip), window).all(axis=(2, 3)))
    chosen = rng.choice(len(rows), size=min(WINDOWS_PER_CHIP, len(rows)), replace=False)
    views = sliding_window_view(_root_reflectance(chip), window, axis=(1, 2))
    sample: np.ndarray = views[:, rows[chosen], cols[chosen]].transpose(1, 0, 2, 3).reshape(len(chosen), -1)
    return sample


def _root_reflectance(chip: np.ndarray) -> np.ndarray:
    root: np.ndarray = np.sqrt(chip.astype(np.float32) / REFLECTANCE_SCALE)
    return root
