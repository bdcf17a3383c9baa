"""MOSAIKS features against SciPy, and the file of the fitted filters."""

import io

import numpy as np
import pytest
from scipy.signal import correlate
from threadpoolctl import threadpool_limits

from benchmarks.chips import make_chips
from etl.encoders import mosaiks
from etl.encoders.mosaiks import MosaiksEncoder, fit
from etl.errors import EncoderError


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    return make_chips(4)


@pytest.fixture(scope="module")
def encoder(chips: np.ndarray) -> MosaiksEncoder:
    return fit(chips, seed=3)


def slow_feature(encoder: MosaiksEncoder, chip: np.ndarray, filter_no: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one feature by its definition, with SciPy's correlation of whole bands: two arrays (14, 14)."""
    bands = (np.sqrt(chip / 10000) - encoder.band_mean[:, None, None]) / encoder.band_std[:, None, None]
    bands[:, (chip == 0).any(axis=0)] = 0
    padded = np.pad(bands, ((0, 0), (2, 2), (2, 2)), mode="reflect")
    kernel = encoder.filters[:, filter_no].reshape(12, 5, 5)
    response = correlate(padded, kernel, mode="valid", method="direct")[0] + encoder.offset[filter_no]
    every_second = response[::2, ::2]
    cells = [np.split(row, 14, axis=1) for row in np.split(every_second, 14, axis=0)]
    positive = np.array([[np.maximum(cell, 0).mean() for cell in row] for row in cells])
    negative = np.array([[np.maximum(-cell, 0).mean() for cell in row] for row in cells])
    return positive, negative


@pytest.mark.parametrize("filter_no", [0, 200, 383])
def test_features_equal_scipy_correlation(encoder: MosaiksEncoder, chips: np.ndarray, filter_no: int) -> None:
    chip = chips[1].copy()
    chip[:, 50:90, 100:130] = 0
    vectors = encoder.embed(chip[None])[0].reshape(14, 14, 768)
    positive, negative = slow_feature(encoder, chip, filter_no)
    np.testing.assert_allclose(vectors[:, :, filter_no], positive, atol=1e-4)
    np.testing.assert_allclose(vectors[:, :, 384 + filter_no], negative, atol=1e-4)


def test_vectors_have_the_documented_shape_and_type(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    vectors = encoder.embed(chips)
    assert vectors.shape == (4, 196, 768)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert (encoder.name, encoder.weights, encoder.dimension) == ("mosaiks", "fitted", 768)
    assert encoder.embed(chips[:0]).shape == (0, 196, 768)


def test_responses_to_noise_are_white(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosaiks, "WHITENING_SHARE", 1e-6)
    monkeypatch.setattr(mosaiks, "WINDOWS_PER_CHIP", 4000)
    root = np.random.default_rng(0).normal(0.5, 0.05, (3, 12, 224, 224))
    noise = np.round(root**2 * 10000).astype(np.uint16)
    encoder = fit(noise)
    unseen = (np.sqrt(noise[0] / 10000) - encoder.band_mean[:, None, None]) / encoder.band_std[:, None, None]
    windows = np.lib.stride_tricks.sliding_window_view(unseen, (5, 5), axis=(1, 2))[:, ::5, ::5]
    responses = windows.transpose(1, 2, 0, 3, 4).reshape(-1, 300) @ encoder.filters + encoder.offset
    assert np.abs(responses.mean(axis=0)).max() < 0.1
    np.testing.assert_allclose(responses.std(axis=0), 1, atol=0.1)


def test_equal_tiles_order_and_seed_give_an_equal_encoder(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    assert fit((chip for chip in chips), seed=3).weights_sha256 == encoder.weights_sha256
    assert fit(chips, seed=4).weights_sha256 != encoder.weights_sha256
    assert fit(chips[::-1], seed=3).weights_sha256 != encoder.weights_sha256


def test_the_encoder_does_not_depend_on_the_number_of_threads(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    with threadpool_limits(1):
        assert fit(chips, seed=3).weights_sha256 == encoder.weights_sha256


def test_the_vectors_of_a_tile_do_not_depend_on_its_batch(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    together = encoder.embed(chips)
    for i, chip in enumerate(chips):
        np.testing.assert_array_equal(encoder.embed(chip[None])[0], together[i])


def test_the_order_of_bands_matters(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    swapped = chips[:1].copy()
    swapped[:, [2, 3]] = swapped[:, [3, 2]]
    assert np.abs(encoder.embed(swapped) - encoder.embed(chips[:1])).max() > 0.1


def test_patches_run_row_by_row_from_the_north_west(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    changed = chips[:1].copy()
    changed[:, :, 2 * 16 + 2 : 3 * 16 - 2, 5 * 16 + 2 : 6 * 16 - 2] += (
        3000  # 2 px inside, out of reach of adjacent windows
    )
    difference = np.abs(encoder.embed(changed) - encoder.embed(chips[:1])).max(axis=2)[0]
    assert np.flatnonzero(difference > 1e-3).tolist() == [2 * 14 + 5]


def test_a_pixel_with_nodata_in_any_band_counts_as_the_mean(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    empty, partial = chips[:1].copy(), chips[:1].copy()
    empty[:, :, :40, :40] = 0
    partial[:, 4, :40, :40] = 0
    np.testing.assert_array_equal(encoder.embed(empty), encoder.embed(partial))
    far = np.s_[0, 14 * 7 :]
    np.testing.assert_array_equal(encoder.embed(empty)[far], encoder.embed(chips[:1])[far])


def test_windows_with_nodata_are_not_sampled(chips: np.ndarray) -> None:
    holed = chips.copy()
    holed[:, :, ::2, 112:] = 0  # no whole window in the eastern half
    west = chips.copy()
    west[:, :, :, 112:] = 0
    assert fit(holed).weights_sha256 == fit(west).weights_sha256


def test_extreme_tiles_give_finite_vectors(encoder: MosaiksEncoder) -> None:
    tiles = np.stack([np.full((12, 224, 224), value, np.uint16) for value in (0, 1, 65535)])
    assert np.isfinite(encoder.embed(tiles)).all()


def test_flat_tiles_can_be_fitted() -> None:
    flat = fit(np.full((2, 12, 224, 224), 1500, np.uint16))
    assert np.isfinite(flat.embed(make_chips(1))).all()


def test_a_saved_encoder_is_loaded_unchanged(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    loaded = MosaiksEncoder.from_bytes(encoder.to_bytes(), "there")
    assert loaded.weights_sha256 == encoder.weights_sha256
    np.testing.assert_array_equal(loaded.embed(chips[:1]), encoder.embed(chips[:1]))


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_bytes_that_are_not_filters_are_refused(encoder: MosaiksEncoder) -> None:
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    for data in (b"", encoder.to_bytes()[:5000], b"no filters", npz(a=np.zeros(3)), array.getvalue()):
        with pytest.raises(EncoderError, match=r"there.*MOSAIKS.*fit again"):
            MosaiksEncoder.from_bytes(data, "there")


def test_changed_filters_are_refused(encoder: MosaiksEncoder) -> None:
    with np.load(io.BytesIO(encoder.to_bytes())) as file:
        arrays = dict(file)
    arrays["offset"] = arrays["offset"] + 1
    with pytest.raises(EncoderError, match=r"there.*damaged.*fit again"):
        MosaiksEncoder.from_bytes(npz(**arrays), "there")


def test_too_few_clear_windows_are_refused(chips: np.ndarray) -> None:
    clouded = chips[:1].copy()
    clouded[:, :, 10:] = 0
    clouded[:, :, :, 30:] = 0
    with pytest.raises(EncoderError, match=r"156 windows.*384.*clearer tiles"):
        fit(clouded)
    with pytest.raises(EncoderError, match="0 windows"):
        fit([])


def test_other_shapes_are_refused_by_embed_and_fit(encoder: MosaiksEncoder) -> None:
    wrong = np.zeros((1, 12, 224, 200), np.uint16)
    for refuse in (encoder.embed, fit):
        with pytest.raises(EncoderError, match="224, 200"):
            refuse(wrong)
