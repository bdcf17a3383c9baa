"""TESSERA as a Zarr store: synthetic pixels in a group per UTM zone, sharded, as the published one is laid out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from tests.etl.sets.conftest import Rows, Terrakin, assert_read_in_place, failure
from tests.etl.sets.sources.test_pixels import NORTH, SIDE, SRID, WEST, write_area
from tests.file_server import Behaviour, served

TRANSFORM = [10.0, 0.0, float(WEST), 0.0, -10.0, float(NORTH)]
VECTORS = "SELECT source_id, embedding FROM terrakin.imported_items ORDER BY item_id"


def write_store(
    path: Path, times: np.ndarray | None = None, time_attributes: dict[str, str] | None = None, **changed: Any
) -> Path:
    """Write a store of two times with zone 32, and zone 20 far away; return it.

    Args:
        path: the folder.
        times: of the time coordinate; None: the store has none.
        time_attributes: what these numbers mean.
        changed: attributes of zone 32 that differ, or arrays that it lacks (None).
    """
    rng = np.random.default_rng(5)
    numbers = rng.integers(-100, 100, (2, 128, 2, 2)).repeat(224, axis=2).repeat(224, axis=3).astype(np.int8)
    scales = np.full((2, SIDE, SIDE), 0.02, np.float32)
    scales[1, :224, :224] = 0.03
    scales[1, 300, 300] = np.inf
    root = zarr.create_group(path, attributes={"geoemb:model": "synthetic"})
    for name, srid in (("utm32", SRID), ("utm20", 32620)):
        attributes = {"proj:code": f"EPSG:{srid}", "spatial:transform": TRANSFORM}
        zone = root.create_group(name, attributes=attributes | (changed if name == "utm32" else {}))
        for array, values, axes in (
            ("embeddings", numbers, ("time", "band", "y", "x")),
            ("scales", scales, ("time", "y", "x")),
        ):
            if array in changed and name == "utm32":
                continue
            shard = (1, *values.shape[1:-2], SIDE, SIDE)
            chunk = (1, *values.shape[1:-2], 224, 224)
            zone.create_array(array, data=values, chunks=chunk, shards=shard, dimension_names=axes)
        if times is not None:
            zone.create_array("time", data=times, dimension_names=("time",), attributes=time_attributes or {})
    return path


@pytest.fixture
def area(tmp_path: Path) -> Path:
    """The four tiles of the raster."""
    return write_area(tmp_path / "area.geojson", WEST, NORTH - 4480, WEST + 4480, NORTH)


def test_the_newest_time_of_the_zone_is_averaged(terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path) -> None:
    store = write_store(tmp_path / "tessera.zarr")
    answer = terrakin("sets", "import", store, "--name", "tessera", "--area", area)
    assert answer.returncode == 0, answer.stderr
    assert "group utm32: time 1 of 0, 1 is read" in answer.stderr
    found = rows(VECTORS)
    assert {source_id.split("-")[0] for source_id, _ in found} == {str(SRID)}
    numbers = xr.open_zarr(store, group="utm32", consolidated=False)["embeddings"].to_numpy()[1, :, 112::224, 112::224]
    # Squares are numbered from the south, pixels from the north.
    wanted = np.moveaxis(numbers.astype(float), 0, 2)[::-1].reshape(4, 128) * np.array([[0.02], [0.02], [0.03], [0.02]])
    np.testing.assert_allclose([vector.to_numpy() for _, vector in found], wanted, rtol=1e-5)
    again = terrakin("sets", "import", tmp_path, "--name", "tessera", "--area", area)
    assert again.returncode == 0, again.stderr
    assert "nothing to do" in again.stderr
    assert len(rows(VECTORS)) == 4


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"proj:code": None}, "group utm32: proj:code is None"),
        ({"proj:code": "moon"}, "proj:code is 'moon'"),
        ({"spatial:transform": [1, 2]}, "spatial:transform [1, 2]"),
        ({"proj:code": "EPSG:3857"}, "is in EPSG:3857; pixels are read in a UTM zone"),
        ({"scales": None}, "group utm32: scales is missing"),
        ({"embeddings": None}, "group utm32: embeddings is missing"),
        ({"proj:code": "EPSG:32601"}, "has no UTM zone in the area; its groups are utm20, utm32"),
    ],
)
def test_a_malformed_store_is_refused(
    changed: dict[str, Any], message: str, terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path
) -> None:
    store = write_store(tmp_path / "bad.zarr", **changed)
    assert message in failure(terrakin("sets", "import", store, "--name", "tessera", "--area", area))
    assert rows("SELECT count(*) FROM terrakin.imported_sets") == [(0,)]


def test_a_folder_that_is_no_store_is_refused(terrakin: Terrakin, area: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.zarr").mkdir()
    answer = terrakin("sets", "import", tmp_path / "empty.zarr", "--name", "tessera", "--area", area)
    assert "empty.zarr cannot be read" in failure(answer)


DATES = "SELECT DISTINCT (observed_at AT TIME ZONE 'UTC')::date::text FROM terrakin.imported_items ORDER BY 1"


@pytest.mark.parametrize(
    ("times", "attributes", "wanted"),
    [
        (np.array([2023, 2024]), {}, ["2023-01-01", "2024-01-01"]),
        (np.array([0, 400]), {"units": "days since 2023-06-01"}, ["2023-06-01", "2024-07-05"]),
    ],
    ids=["years", "days"],
)
def test_a_time_is_chosen_and_is_the_date_of_the_items(
    times: np.ndarray,
    attributes: dict[str, str],
    wanted: list[str],
    terrakin: Terrakin,
    rows: Rows,
    area: Path,
    tmp_path: Path,
) -> None:
    store = write_store(tmp_path / "tessera.zarr", times, attributes)
    command = ("sets", "import", store, "--name", "tessera", "--area", area)
    assert terrakin(*command, "--time", "2023").returncode == 0
    assert rows(DATES) == [(wanted[0],)]
    # The other time of the same store is another file; the newest is read where none is named.
    assert terrakin(*command).returncode == 0
    assert rows(DATES) == [(date,) for date in wanted]
    assert "nothing to do" in terrakin(*command, "--time", "2024").stderr
    assert "group utm32 has 2 times that begin with '20'; it has" in failure(terrakin(*command, "--time", "20"))
    assert "has 0 times that begin with '1999'" in failure(terrakin(*command, "--time", "1999"))


def test_missing_chunks_are_no_data(terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path) -> None:
    store = write_store(tmp_path / "tessera.zarr")
    scales = zarr.open_group(store)["utm32/scales"]
    scales[1, :224, :224] = 0  # the fill value, of which zarr stores no chunk
    assert terrakin("sets", "import", store, "--name", "tessera", "--area", area).returncode == 0
    assert len(rows(VECTORS)) == 3


@pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part")
def test_a_store_at_an_address_is_read_where_it_is(terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path) -> None:
    store = write_store(tmp_path / "served" / "tessera.zarr")
    zarr.consolidate_metadata(store)
    behaviour = assert_read_in_place(terrakin, rows, store, "/", area)
    assert not any("utm20" in asked and "c/" in asked for asked in behaviour.asked())


def test_a_store_at_an_address_that_fails_is_one_line(
    terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path
) -> None:
    write_store(tmp_path / "served" / "plain.zarr")
    with served(tmp_path / "served", Behaviour()) as address:
        for name, words in (
            ("plain.zarr", "plain.zarr has no groups of UTM zones; at an address it needs consolidated metadata"),
            ("missing.zarr", "missing.zarr cannot be read: "),
        ):
            assert words in failure(terrakin("sets", "import", f"{address}/{name}", "--name", "z", "--area", area))
    signed = terrakin("sets", "import", "http://127.0.0.1:9/a.zarr?token=secret", "--name", "z", "--area", area)
    assert "has a query" in failure(signed)
    nowhere = terrakin("sets", "import", "http://127.0.0.1:9/a.zarr", "--name", "z", "--area", area)
    assert "a.zarr cannot be read" in failure(nowhere)
    assert rows("SELECT count(*) FROM terrakin.imported_sets") == [(0,)]
