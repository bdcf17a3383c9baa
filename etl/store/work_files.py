"""Work files: the Zarr groups under ``<home>/work`` that stages pass on to each other, each complete or absent."""

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

COMPOSITE, PATCHES, VECTORS, BLOCKS = "composite.zarr", "patches.zarr", "vectors.zarr", "blocks.zarr"
COMPRESSOR = BloscCodec(cname="lz4", shuffle="bitshuffle")
"""Files are no larger than with Zarr's default (Zstandard alone), and are read 1.4 to 2 times as fast."""
TILES_PER_CHUNK = 16
"""5 MB of patch embeddings, so that each core reads its own chunk. Blosc refuses chunks above 2 GiB."""


def city_dir(home: Path, city_id: int, period: Period) -> Path:
    """Return the folder of one city's work files of one period."""
    return home / "work" / str(city_id) / period.label


def folder_id(home: Path) -> str:
    """Return the id of the work folder, which is the same on every machine that mounts it; create it if missing."""
    path = home / "work" / "folder_id"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        candidate = path.with_name(f"folder_id-{os.getpid()}")
        candidate.write_text(uuid.uuid4().hex)
        with contextlib.suppress(FileExistsError):  # another process was faster: its id counts
            os.link(candidate, path)
        candidate.unlink()
    return path.read_text()


def exported_encoder(home: Path, precision: str) -> Path:
    """Return the path under which `terrakin etl export-onnx` writes its file by default."""
    return home / "work" / "encoder" / f"terramind_v1_base_{precision}.onnx"


def write_arrays(
    path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], attributes: Mapping[str, Any], chunk: int = 1024
) -> None:
    """Write arrays and JSON-serialisable attributes as one Zarr group.

    The group is written beside ``path`` and then renamed, so that a killed process leaves the old group or none.

    Args:
        path: the group's folder.
        arrays: arrays of one to three axes, by name.
        attributes: attributes of the group.
        chunk: longest side of a chunk along the last two axes; along the axis before them it is TILES_PER_CHUNK.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A city belongs to one process at a time: what others have left here was left by a process that died.
    for left_over in path.parent.glob(f"{path.name}.new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    new = path.with_name(f"{path.name}.new-{os.getpid()}")
    group = zarr.open_group(new, mode="w-", attributes=dict(attributes))
    for name, values in arrays.items():
        longest = (TILES_PER_CHUNK, chunk, chunk)[-values.ndim :]
        chunks = tuple(max(1, min(size)) for size in zip(values.shape, longest, strict=True))  # an axis may be empty
        group.create_array(name, data=values, chunks=chunks, compressors=COMPRESSOR)
    shutil.rmtree(path, ignore_errors=True)
    new.rename(path)


def read_attributes(path: Path) -> dict[str, Any] | None:
    """Return the attributes of a group, or None if there is no group."""
    if not path.exists():
        return None
    return dict(zarr.open_group(path, mode="r").attrs)


def open_array(path: Path, name: str) -> zarr.Array[Any]:
    """Open one array of a group; slicing it reads the chunks concerned."""
    array = zarr.open_group(path, mode="r")[name]
    assert isinstance(array, zarr.Array)
    return array


def read_array(path: Path, name: str) -> np.ndarray:
    """Read one array of a group."""
    return np.asarray(open_array(path, name)[...])
