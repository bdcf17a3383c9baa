"""Stage blocks: what its work file contains."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from etl.stages import blocks as stage
from etl.store.patches import read_patches
from etl.store.work_files import BLOCKS, PATCHES, read_array, read_attributes, write_arrays
from etl.vectors.blocks import block_vectors
from etl.vectors.post_processing import PostProcessing

N_TILES, DIMENSION = 19, 6
PROCESSING = PostProcessing("centred", np.full(DIMENSION, 0.5, np.float32), np.ones(DIMENSION, np.float32))


def write_patches(path: Path, patch_valid_share: np.ndarray) -> None:
    embedding = np.random.default_rng(5).normal(size=(*patch_valid_share.shape, DIMENSION)).astype(np.float16)
    arrays = {"tile_id": np.arange(100, 100 + N_TILES), "embedding": embedding, "patch_valid_share": patch_valid_share}
    write_arrays(path, arrays, {})


def test_blocks_lie_tile_by_tile_with_the_vectors_of_their_patches(tmp_path: Path) -> None:
    path = tmp_path / PATCHES
    share = np.random.default_rng(6).random((N_TILES, 196)).astype(np.float32) ** 0.2
    write_patches(path, share)
    parts = list(stage.blocks_of_file(path, PROCESSING))
    assert [n for _, n in parts] == [16, 3]
    found = {name: np.concatenate([part[name] for part, _ in parts]) for name in parts[0][0]}
    expected = block_vectors(*read_patches(path), share, PROCESSING)
    assert 0 < len(expected.tile) < 49 * N_TILES
    assert found["block_id"].tolist() == [
        64 * (100 + tile) + number for tile, number in zip(expected.tile, expected.number, strict=True)
    ]
    np.testing.assert_array_equal(found["valid_share"], expected.valid_share)
    np.testing.assert_allclose(found["embedding"], expected.embedding, atol=2e-3)
    assert found["embedding"].dtype == np.float16


def test_a_city_without_a_block_has_an_empty_work_file(tmp_path: Path) -> None:
    write_patches(tmp_path / PATCHES, np.full((N_TILES, 196), 0.6, np.float32))
    parts = [part for part, _ in stage.blocks_of_file(tmp_path / PATCHES, PROCESSING)]
    write_arrays(tmp_path / BLOCKS, {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}, {"a": 1})
    assert read_attributes(tmp_path / BLOCKS) == {"a": 1}
    assert read_array(tmp_path / BLOCKS, "block_id").shape == (0,)
    assert read_array(tmp_path / BLOCKS, "embedding").shape == (0, DIMENSION)


def test_another_post_processing_gives_other_vectors(tmp_path: Path) -> None:
    write_patches(tmp_path / PATCHES, np.ones((N_TILES, 196), np.float32))
    other = replace(PROCESSING, mean=PROCESSING.mean + 1)
    (first, _), *_ = stage.blocks_of_file(tmp_path / PATCHES, PROCESSING)
    (second, _), *_ = stage.blocks_of_file(tmp_path / PATCHES, other)
    np.testing.assert_allclose(first["embedding"] - second["embedding"], 1, atol=1e-2)
