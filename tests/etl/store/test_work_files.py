"""Work files are complete or absent, and chunked for their readers."""

from pathlib import Path

import numpy as np
import pytest

from etl.store.work_files import TILES_PER_CHUNK, open_array, read_array, read_attributes, write_arrays


def test_arrays_and_attributes_are_read_as_written(tmp_path: Path) -> None:
    arrays = {"a": np.arange(24, dtype=np.uint16).reshape(2, 3, 4), "b": np.zeros((5,), np.int64)}
    write_arrays(tmp_path / "x" / "y.zarr", arrays, {"made_from": "abc", "items": ["p", "q"]}, chunk=2)
    for name, values in arrays.items():
        np.testing.assert_array_equal(read_array(tmp_path / "x" / "y.zarr", name), values)
    assert read_attributes(tmp_path / "x" / "y.zarr") == {"made_from": "abc", "items": ["p", "q"]}
    assert open_array(tmp_path / "x" / "y.zarr", "a").chunks == (2, 2, 2)


def test_a_failed_write_leaves_the_old_group(tmp_path: Path) -> None:
    path = tmp_path / "y.zarr"
    write_arrays(path, {"a": np.ones(3)}, {"made_from": "first"})
    with pytest.raises(TypeError):
        write_arrays(path, {"a": np.zeros(3), "b": np.array([object()])}, {"made_from": object()})
    assert read_attributes(path) == {"made_from": "first"}
    np.testing.assert_array_equal(read_array(path, "a"), np.ones(3))


def test_what_a_dead_process_has_left_is_removed(tmp_path: Path) -> None:
    left_over, of_another_file = tmp_path / "y.zarr.new-1", tmp_path / "z.zarr.new-1"
    for folder in (left_over, of_another_file):
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
    write_arrays(tmp_path / "y.zarr", {"a": np.ones(3)}, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["y.zarr", "z.zarr.new-1"]


def test_an_absent_group_has_no_attributes(tmp_path: Path) -> None:
    assert read_attributes(tmp_path / "none.zarr") is None


def test_patch_embeddings_are_chunked_by_tile_and_composites_not_by_band(tmp_path: Path) -> None:
    arrays = {"embedding": np.zeros((3 * TILES_PER_CHUNK + 1, 4, 6), np.float16)}
    write_arrays(tmp_path / "patches.zarr", arrays, {})
    assert open_array(tmp_path / "patches.zarr", "embedding").chunks == (TILES_PER_CHUNK, 4, 6)
    write_arrays(tmp_path / "composite.zarr", {"reflectance": np.zeros((12, 8, 8), np.uint16)}, {}, chunk=4)
    assert open_array(tmp_path / "composite.zarr", "reflectance").chunks == (12, 4, 4)
