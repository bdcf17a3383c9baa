"""Work files: what the stages hand on to each other, Zarr groups under ``<home>/work``, whole or absent."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec

from etl.period import Period

COMPOSITE, PATCHES, VECTORS = "composite.zarr", "patches.zarr", "vectors.zarr"
COMPRESSOR = BloscCodec(cname="lz4", shuffle="bitshuffle")
"""Files are as large as with Zarr's default (Zstandard alone) or smaller, and are read 1.4 to 2 times as fast."""
TILES_PER_CHUNK = 16
"""Of patch embeddings: 5 MB, so that each core reads its own. Blosc takes no chunk above 2 GiB."""


def city_dir(home: Path, city_id: int, period: Period) -> Path:
    """Folder of one city's work files of one period."""
    return home / "work" / str(city_id) / period.label


def folder_id(home: Path) -> str:
    """Names the work folder, whatever it is called on which machine: the text of its file ``folder_id``, made once."""
    path = home / "work" / "folder_id"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        own = path.with_name(f"folder_id-{os.getpid()}")
        own.write_text(uuid.uuid4().hex)
        with contextlib.suppress(FileExistsError):  # another process was faster: its id holds
            os.link(own, path)
        own.unlink()
    return path.read_text()


def encoder_dir(home: Path) -> Path:
    """Folder in which fitted filters were kept before the database kept them."""
    return home / "work" / "encoder"


def write_arrays(
    path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], attributes: Mapping[str, Any], chunk: int = 1024
) -> None:
    """Write arrays and JSON-able attributes as one Zarr group, beside and then renamed.

    Killed at any moment, the old group or none is there, never half a one.

    Args:
        path: the group's folder.
        arrays: by name, of one to three axes.
        attributes: of the group.
        chunk: longest side of a chunk along the last two axes; along the axis before them it is TILES_PER_CHUNK.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new-{os.getpid()}")
    shutil.rmtree(new, ignore_errors=True)
    group = zarr.open_group(new, mode="w-", attributes=dict(attributes))
    for name, values in arrays.items():
        longest = (TILES_PER_CHUNK, chunk, chunk)[-values.ndim :]
        chunks = tuple(map(min, values.shape, longest))
        group.create_array(name, data=values, chunks=chunks, compressors=COMPRESSOR)
    shutil.rmtree(path, ignore_errors=True)
    new.rename(path)


def read_attributes(path: Path) -> dict[str, Any] | None:
    """Attributes of a group, or None where there is none."""
    if not path.exists():
        return None
    return dict(zarr.open_group(path, mode="r").attrs)


def open_array(path: Path, name: str) -> zarr.Array[Any]:
    """One array of a group, read chunk by chunk where it is sliced."""
    array = zarr.open_group(path, mode="r")[name]
    assert isinstance(array, zarr.Array)
    return array


def read_array(path: Path, name: str) -> np.ndarray:
    """One array of a group, whole."""
    return np.asarray(open_array(path, name)[...])
