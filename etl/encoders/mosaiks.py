"""MOSAIKS: random convolutional features with filters sampled from the imagery itself; NumPy only, no downloads.

Rolf et al. 2021, "A generalizable and accessible approach to machine learning with global satellite imagery"
(Nature Communications 12:4392): random patches of the images serve as convolution filters, and the positive and
negative parts of the responses are averaged over an area. Patches are ZCA-whitened as in Coates and Ng 2012,
"Learning feature representations with k-means". Here the area is one 160 m x 160 m patch of a tile, and the
features are 384 filters x 2 signs = 768 numbers.

Steps at every second pixel: reflectance -> square root -> standardised per band -> 5 x 5 px window -> centred and
whitened -> product r with each filter -> max(r, 0) and max(-r, 0) -> mean over the 16 x 16 px patch.
Centring, whitening and filters are folded into one matrix and one offset.

The constants were tuned on real tiles: how often does a quarter of a tile retrieve another quarter of the same tile
first, also with its brightness changed by up to 20 %? 7 x 7 px, a stride of 1 or 4, and log instead of the root are no
better. Subtracting a bias from the responses (0.5 or 1) is worse; reflectance without the root is worse when the
brightness changes. WHITENING_SHARE is a compromise: 0.01 is slightly better on these tiles, 1 on the synthetic demo.
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
from etl.encoders.encoder import (
    DIMENSION,
    N_BANDS,
    N_PATCHES,
    NOMINAL_MONTH,
    REFLECTANCE_SCALE,
    DefaultMethod,
    check_chips,
)
from etl.encoders.validity import valid_pixels
from etl.errors import EncoderError

N_FILTERS = DIMENSION // 2
KERNEL_PX = 5
STRIDE_PX = 2
# Share of the mean eigenvalue added to all eigenvalues before whitening, so that noise is not amplified.
WHITENING_SHARE = 0.1
# Windows sampled per tile: more than the 384 filters, so that one clear tile is enough. About ten tiles are enough
# for the covariance of the 300 values of a window.
WINDOWS_PER_CHIP = 400

ARRAYS = ("band_mean", "band_std", "filters", "offset")


@dataclass(frozen=True)
class MosaiksEncoder:
    """Filters fitted to a sample of tiles.

    Attributes:
        band_mean: (12,) float32, mean square root of reflectance; nodata pixels are filled with it.
        band_std: (12,) float32, standard deviation of the same.
        filters: (12 * 5 * 5, 384) float32, multiplied with windows of standardised bands (band, row, col).
        offset: (384,) float32, added to the product; accounts for the centring of the windows.
    """

    band_mean: np.ndarray
    band_std: np.ndarray
    filters: np.ndarray
    offset: np.ndarray
    name: str = "mosaiks"
    weights: Literal["fitted"] = "fitted"
    dimension: int = DIMENSION
    runtime: str = "numpy fp32"
    default_method: DefaultMethod = "mean"

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the fixed parameters and the fitted arrays (name, shape, little-endian bytes)."""
        digest = hashlib.sha256(f"mosaiks {KERNEL_PX} {STRIDE_PX}".encode())
        for name in ARRAYS:
            array = np.ascontiguousarray(getattr(self, name), dtype="<f4")
            digest.update(f"{name} {array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def embed(self, chips: np.ndarray, month: int = NOMINAL_MONTH) -> np.ndarray:
        """Return the patch vectors of tiles; see ``etl.encoders.encoder.Encoder.embed``.

        Nodata pixels (any band 0) are filled with the fitted band means. All cores work in parallel, one tile each, so
        that the vectors of a tile do not depend on its batch.
        """
        check_chips(chips)
        with threadpool_limits(1, user_api="blas"):
            return embed_batches(lambda chip: self._embed_one(chip[0])[None], chips, batch_size=1, n_parallel=N_CORES)

    def _embed_one(self, chip: np.ndarray) -> np.ndarray:
        bands = (_root_reflectance(chip) - self.band_mean[:, None, None]) / self.band_std[:, None, None]
        bands[:, ~valid_pixels(chip)] = 0
        reach = KERNEL_PX // 2
        padded = np.pad(bands, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
        windows = sliding_window_view(padded, (KERNEL_PX, KERNEL_PX), axis=(1, 2))[:, ::STRIDE_PX, ::STRIDE_PX]
        side, per_patch = TILE_PX // PATCH_PX, PATCH_PX // STRIDE_PX
        vectors = np.empty((side, side, DIMENSION), np.float32)
        for row in range(side):  # one row of patches at a time, so that its windows stay in the CPU cache
            block = windows[:, row * per_patch : (row + 1) * per_patch].transpose(1, 2, 0, 3, 4)
            response = block.reshape(-1, len(self.filters)) @ self.filters + self.offset
            shape = (per_patch, side, per_patch, N_FILTERS)
            for sign, half in ((1, slice(0, N_FILTERS)), (-1, slice(N_FILTERS, None))):
                vectors[row, :, half] = np.maximum(sign * response, 0).reshape(shape).mean(axis=(0, 2))
        return vectors.reshape(N_PATCHES, DIMENSION)

    def to_bytes(self) -> bytes:
        """Return the encoder as an ``.npz`` file, the input of ``from_bytes``."""
        file = io.BytesIO()
        np.savez(file, **{name: getattr(self, name) for name in ARRAYS}, sha256=np.array(self.weights_sha256))
        return file.getvalue()

    @classmethod
    def from_bytes(cls, npz: bytes, where: str) -> Self:
        """Return the encoder that ``to_bytes`` wrote; ``where`` names the source in error messages.

        Raises:
            EncoderError: not such a file, damaged, or written with other fixed parameters.
        """
        try:
            with np.load(io.BytesIO(npz), allow_pickle=False) as file:
                encoder = cls(*(file[name] for name in ARRAYS))
                recorded = str(file["sha256"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise EncoderError(f"{where} contains no MOSAIKS filters ({error}); delete it and fit again") from error
        if recorded != encoder.weights_sha256:
            raise EncoderError(
                f"{where} is damaged or of another version: SHA-256 is {encoder.weights_sha256[:12]}..., "
                f"recorded is {recorded[:12]}...; delete it and fit again"
            )
        return encoder


def fit(chips: Iterable[np.ndarray], seed: int = 0) -> MosaiksEncoder:
    """Return an encoder whose whitened filters are windows sampled from tiles.

    ``WINDOWS_PER_CHIP`` windows without nodata are drawn from the i-th tile, by a generator seeded with (seed, i).
    Band statistics and whitening use all windows; the filters are a uniform sample of 384. Memory use does not depend
    on the number of tiles. A few hundred varied tiles are a good sample.

    Args:
        chips: tiles (12, 224, 224) uint16, reflectance x 10000, 0 = nodata.
        seed: equal tiles in equal order with an equal seed give an equal encoder.

    Raises:
        EncoderError: a tile has another shape, or there are fewer than 384 windows without nodata in total.
    """
    # One BLAS thread: the order of summation changes the last digits, and with them the SHA-256 of the weights.
    with threadpool_limits(1, user_api="blas"):
        return _whitened(*_sample(chips, seed))


def _sample(chips: Iterable[np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean (300,) and covariance (300, 300) of all windows, and the windows (384, 300) that become filters."""
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
        raise EncoderError(f"only {count} windows without nodata for {N_FILTERS} filters; pass more or clearer tiles")
    mean = total / count
    return mean, products / count - np.outer(mean, mean), kept.astype(np.float64)


def _whitened(mean: np.ndarray, covariance: np.ndarray, windows: np.ndarray) -> MosaiksEncoder:
    """Return the encoder with band scaling, ZCA whitening and unit-length filters folded into one product."""
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
    """Return up to WINDOWS_PER_CHIP random windows without nodata, (n, 12 * 5 * 5) float32."""
    window = (KERNEL_PX, KERNEL_PX)
    rows, cols = np.nonzero(sliding_window_view(valid_pixels(chip), window).all(axis=(2, 3)))
    chosen = rng.choice(len(rows), size=min(WINDOWS_PER_CHIP, len(rows)), replace=False)
    views = sliding_window_view(_root_reflectance(chip), window, axis=(1, 2))
    sample: np.ndarray = views[:, rows[chosen], cols[chosen]].transpose(1, 0, 2, 3).reshape(len(chosen), -1)
    return sample


def _root_reflectance(chip: np.ndarray) -> np.ndarray:
    root: np.ndarray = np.sqrt(chip.astype(np.float32) / REFLECTANCE_SCALE)
    return root
