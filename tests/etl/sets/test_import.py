"""``terrakin sets import`` on synthetic files of every layout, on malformed ones, and when it is interrupted."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely

from db.embedding_sets import refit as keys
from db.settings import Settings
from etl.sets import importing, store
from tests.etl.sets import files
from tests.etl.sets.conftest import Rows, Terrakin, failure

ITEMS = "SELECT * FROM api.imported_overview ORDER BY item_id"
VECTORS = "SELECT embedding FROM terrakin.imported_items ORDER BY item_id"
COUNTS = """
    SELECT (SELECT count(*) FROM terrakin.imported_sets), (SELECT count(*) FROM terrakin.imported_files),
        (SELECT count(*) FROM terrakin.imported_items),
        (SELECT count(*) FROM terrakin.embedding_sets WHERE unit NOT IN ('tile', 'block')),
        (SELECT count(*) FROM terrakin.embedding_keys)
"""


def stored(rows: Rows) -> np.ndarray:
    return np.array([vector.to_numpy() for (vector,) in rows(VECTORS)])


def test_earth_index(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    answer = terrakin("sets", "import", files.earth_index(tmp_path / "21MNT.parquet"), "--name", "index")
    assert answer.returncode == 0, answer.stderr
    assert "layout earth-index, 40 items of 16 numbers" in answer.stderr
    np.testing.assert_array_equal(stored(rows), files.vectors())
    first = dict(zip(("unit", "item_id", "source_id"), rows(ITEMS)[0], strict=False))
    assert first == {"unit": "index", "item_id": 1, "source_id": "synthetic-0"}
    assert "license: CC-BY-4.0" in terrakin("sets", "show", "index").stdout


def test_major_tom_keeps_time_square_and_other_columns(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    assert terrakin("sets", "import", files.major_tom(tmp_path / "a.parquet"), "--name", "tom").returncode == 0
    query = """
        SELECT observed_at::text, properties ->> 'grid_cell', ST_Area(footprint) BETWEEN 0.000099 AND 0.000101
        FROM api.imported_overview ORDER BY item_id LIMIT 1
    """
    assert rows(query) == [("2024-06-01 10:00:00+00", "0U_1R", True)]


def test_terratorch_averages_nested_vectors_and_leaves_the_zone(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    answer = terrakin("sets", "import", files.terratorch(tmp_path / "embeddings.parquet"), "--name", "torch")
    assert answer.returncode == 0, answer.stderr
    assert "each vector is the mean of 2 x 2 vectors" in answer.stderr
    np.testing.assert_allclose(stored(rows), files.vectors(12).reshape(3, 4, 16).mean(axis=1), rtol=1e-6)
    ((lon, lat),) = rows("SELECT lon, lat FROM api.imported_overview WHERE item_id = 1")
    assert (lon, lat) == (pytest.approx(15.01244, abs=1e-4), pytest.approx(36.155, abs=1e-3))


def test_embed2scale_averages_three_nested_lists(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    answer = terrakin("sets", "import", files.embed2scale(tmp_path / "scene.parquet"), "--name", "scenes")
    assert answer.returncode == 0, answer.stderr
    assert "each vector is the mean of 2 x 2 vectors" in answer.stderr
    np.testing.assert_allclose(stored(rows), files.vectors(12).reshape(3, 4, 16).mean(axis=1), rtol=1e-6)
    assert [row[2] for row in rows(ITEMS)] == ["synthetic-0", "synthetic-1", "synthetic-2"]


def test_plain_parquet_has_points_by_longitude_and_latitude(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    lon, lat = files.positions().T
    file = files.write_parquet(
        tmp_path / "mine.parquet", {"longitude": lon, "latitude": lat, "vector": files.vectors()}
    )
    assert terrakin("sets", "import", file, "--name", "mine").returncode == 0
    found = rows("SELECT lon, lat, ST_Area(footprint::geography) FROM api.imported_overview ORDER BY item_id")
    np.testing.assert_allclose([row[:2] for row in found], files.positions())
    np.testing.assert_allclose([row[2] for row in found], 100, rtol=0.02)


def test_items_lie_in_countries_by_the_outlines_and_at_sea_in_none(
    terrakin: Terrakin, rows: Rows, tmp_path: Path
) -> None:
    terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet"), "--name", "index")
    found = rows("SELECT DISTINCT country_code, city_id FROM api.imported_overview ORDER BY 1")
    assert found == [("BR", None), ("FR", None), ("JP", None), (None, None)]


def test_the_same_file_again_changes_nothing(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    file = files.earth_index(tmp_path / "a.parquet")
    terrakin("sets", "import", file, "--name", "index")
    before = rows(ITEMS), rows("SELECT set_id, fitted_at FROM terrakin.embedding_sets ORDER BY 1")
    answer = terrakin("sets", "import", file, file, "--name", "index")
    assert "nothing to do" in answer.stderr
    assert (rows(ITEMS), rows("SELECT set_id, fitted_at FROM terrakin.embedding_sets ORDER BY 1")) == before


def test_a_folder_is_imported_file_by_file_and_grows(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    files.earth_index(folder / "a.parquet", 10)
    files.earth_index(folder / "b.parquet", 20)
    terrakin("sets", "import", folder, "--name", "index")
    assert rows(COUNTS) == [(1, 2, 30, 1, 30)]
    files.earth_index(folder / "c.parquet", 30)
    terrakin("sets", "import", folder, "--name", "index")
    assert rows(COUNTS) == [(1, 3, 60, 1, 60)]


@pytest.mark.parametrize("stage", ["second file", "before the keys", "after the keys"])
def test_an_interrupted_import_is_not_searched_and_goes_on(
    stage: str, terrakin: Terrakin, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [files.earth_index(tmp_path / f"{name}.parquet", n) for name, n in (("a", 10), ("b", 20))]
    with monkeypatch.context() as patch:
        if stage == "second file":
            write = store.write_items

            def interrupt(conn: object, set_id: int, first: int, *rest: object) -> None:
                write(conn, set_id, first, *rest)  # type: ignore[arg-type]
                if first > 10:
                    raise KeyboardInterrupt

            patch.setattr(store, "write_items", interrupt)
        else:
            refit = keys.refit

            def interrupted_refit(*arguments: object) -> bool:
                if stage == "after the keys":
                    refit(*arguments)  # type: ignore[arg-type]
                raise KeyboardInterrupt

            patch.setattr(importing, "refit", interrupted_refit)
        assert terrakin("sets", "import", *paths, "--name", "index").returncode == 130
    assert rows(COUNTS)[0][:3] == ((1, 1, 10) if stage == "second file" else (1, 2, 30))
    assert "unfinished" in terrakin("sets", "list").stdout
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown unit 'index'"):
        rows("SELECT * FROM api.similar_to_examples('{1}', unit => 'index')")
    assert terrakin("sets", "import", *paths, "--name", "index").returncode == 0
    assert rows(COUNTS) == [(1, 2, 30, 1, 30)]
    assert rows("SELECT count(*) FROM api.similar_to_examples('{1}', unit => 'index', exclude_same_city => false)") == [
        (20,)
    ]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """An HTTP server of a folder, whose address is returned."""
    folder = tmp_path / "served"
    folder.mkdir()
    files.earth_index(folder / "index part.parquet")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_an_address_is_fetched(server: str, terrakin: Terrakin, rows: Rows) -> None:
    answer = terrakin("sets", "import", f"{server}/index%20part.parquet?token=secret", "--name", "index")
    assert answer.returncode == 0, answer.stderr
    assert rows("SELECT name, n_items FROM terrakin.imported_files") == [("index part.parquet", 40)]
    again = terrakin("sets", "import", f"{server}/index%20part.parquet", "--name", "index")
    assert "nothing to do" in again.stderr


def test_an_address_without_a_file_gives_one_line(server: str, terrakin: Terrakin) -> None:
    assert "answers 404" in failure(terrakin("sets", "import", f"{server}/missing.parquet", "--name", "index"))
    assert "ends in no file name" in failure(terrakin("sets", "import", f"{server}/", "--name", "index"))
    nowhere = failure(terrakin("sets", "import", "http://127.0.0.1:9/a.parquet", "--name", "index"))
    assert "cannot be read" in nowhere


def test_a_set_that_is_dropped_leaves_nothing(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    before = rows(COUNTS)
    terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet"), "--name", "index")
    terrakin("concepts", "fit", "odd", "--unit", "index", "--positive", "1,3,5")
    assert "is used by concepts: odd" in failure(terrakin("sets", "drop", "index"))
    terrakin("concepts", "drop", "odd")
    assert terrakin("sets", "drop", "index").returncode == 0
    assert rows(COUNTS) == before
    assert "there is no imported set 'index'" in failure(terrakin("sets", "drop", "index"))


BAD: dict[str, tuple[Any, str]] = {
    "missing": (lambda p: None, "does not exist"),
    "no Parquet": (lambda p: p.write_bytes(b"no parquet"), "cannot be read"),
    "cut off": (lambda p: p.write_bytes(files.earth_index(p).read_bytes()[:-400]), "cannot be read"),
    "damaged inside": (
        lambda p: p.write_bytes((good := files.earth_index(p).read_bytes())[:60] + bytes(900) + good[960:]),
        "bad.parquet cannot be read",
    ),
    "no vector": (lambda p: files.write_parquet(p, {"lon": [1.0], "lat": [2.0]}), "no column with the vector"),
    "no position": (lambda p: files.write_parquet(p, {"embedding": files.vectors()}), "neither a column geometry"),
    "ragged": (
        lambda p: files.write_parquet(p, {"embedding": [[1.0, 2.0], [1.0]], "geometry": files.points(2)}),
        "vectors have 1 to 2 numbers",
    ),
    "not finite": (
        lambda p: files.write_parquet(p, {"embedding": [[1.0, np.nan]] * 2, "geometry": files.points(2)}),
        "2 vectors have numbers that are not finite",
    ),
    "no geometry": (
        lambda p: files.write_parquet(p, {"embedding": files.vectors(2), "geometry": [None, files.points(1)[0]]}),
        "1 rows have a vector and no geometry",
    ),
    "metres without a CRS": (
        lambda p: files.write_parquet(
            p, {"embedding": files.vectors(1), "geometry": [shapely.to_wkb(shapely.Point(5e5, 4e6))]}
        ),
        "are no degrees",
    ),
    "date": (
        lambda p: files.write_parquet(
            p, {"embedding": files.vectors(1), "geometry": files.points(1), "date": ["June"]}
        ),
        "column date has a value that is no date",
    ),
}
SUSPICIOUS: dict[str, tuple[Any, str]] = {
    "quantised": (lambda v: np.round(v * 40), "look quantised and not decoded"),
    "zeros": (lambda v: v * (np.arange(files.DIMENSION) % 3 == 0), "of the numbers are zero"),
    "lengths": (lambda v: v * np.where(np.arange(len(v)) == 3, 1e-5, 1)[:, None], "vectors have lengths of"),
    "all the same": (lambda v: v[:1].repeat(len(v), axis=0), "all 40 vectors are the same"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_file_gives_one_line_and_nothing_is_stored(
    case: str, terrakin: Terrakin, rows: Rows, tmp_path: Path
) -> None:
    make, message = BAD[case]
    path = tmp_path / "bad.parquet"
    make(path)
    before = rows(COUNTS)
    assert message in failure(terrakin("sets", "import", path, "--name", "bad"))
    assert rows(COUNTS) == before


@pytest.mark.parametrize("case", SUSPICIOUS)
def test_vectors_that_look_wrong_are_refused_unless_forced(
    case: str, terrakin: Terrakin, rows: Rows, tmp_path: Path
) -> None:
    change, message = SUSPICIOUS[case]
    columns = {"embedding": change(files.vectors()).astype(np.float32), "geometry": files.points()}
    path = files.write_parquet(tmp_path / "odd.parquet", columns)
    line = failure(terrakin("sets", "import", path, "--name", "odd"))
    assert message in line
    assert "--force" in line
    assert rows(COUNTS)[0][:3] == (0, 0, 0)
    assert terrakin("sets", "import", path, "--name", "odd", "--force").returncode == 0
    assert rows(COUNTS)[0][:3] == (1, 1, 40)


def test_alphaearth_that_was_decoded_twice_is_refused(terrakin: Terrakin, tmp_path: Path) -> None:
    numbers = files.vectors(20, 64)
    numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    twice = np.sign(numbers) * numbers**2
    lines = ["lon,lat," + ",".join(f"A{i:02d}" for i in range(64))]
    lines += [",".join(map(str, [*place, *row])) for place, row in zip(files.positions(20), twice, strict=True)]
    (tmp_path / "aef.csv").write_text("\n".join(lines))
    assert "decoded twice, or not at all?" in failure(terrakin("sets", "import", tmp_path / "aef.csv", "--name", "aef"))


def test_another_layout_than_that_of_the_file_is_refused(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    file = files.earth_index(tmp_path / "a.parquet")
    for layout, said in (
        ("planet", "a.parquet is of layout earth-index, not planet"),
        ("tessera", "a.parquet is a table; layout tessera has rasters and Zarr stores alone"),
    ):
        assert said in failure(terrakin("sets", "import", file, "--name", "index", "--layout", layout))
    assert rows(COUNTS)[0][:2] == (0, 0)
    assert terrakin("sets", "import", file, "--name", "plain", "--layout", "parquet").returncode == 0
    plain = files.write_parquet(tmp_path / "b.parquet", {"embedding": files.vectors(), "geometry": files.points()})
    assert terrakin("sets", "import", plain, "--name", "planet", "--layout", "planet").returncode == 0


def test_a_set_takes_vectors_of_one_dimension(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet"), "--name", "index")
    before = rows(COUNTS)
    columns = {"id": ["a"] * 40, "embedding": files.vectors(40, 8), "geometry": files.points()}
    other = files.write_parquet(tmp_path / "b.parquet", columns, {"emb": {}})
    line = failure(terrakin("sets", "import", other, "--name", "index"))
    assert "vectors have 8 numbers, those of set 'index' 16" in line
    assert rows(COUNTS) == before


def test_a_set_takes_no_other_layout_or_post_processing(terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    file = files.earth_index(tmp_path / "a.parquet")
    terrakin("sets", "import", file, "--name", "index", "--post-processing", "standardised")
    before = rows(COUNTS)
    plain = files.write_parquet(tmp_path / "b.parquet", {"embedding": files.vectors(), "geometry": files.points()})
    assert "b.parquet is of layout 'parquet', set 'index' 'earth-index'" in failure(
        terrakin("sets", "import", plain, "--name", "index")
    )
    more = files.earth_index(tmp_path / "c.parquet", 12)
    assert "c.parquet would be 'none', set 'index' 'standardised'" in failure(
        terrakin("sets", "import", more, "--name", "index", "--post-processing", "none")
    )
    assert rows(COUNTS) == before
    assert terrakin("sets", "import", more, "--name", "index").returncode == 0
    assert rows("SELECT post_processing FROM terrakin.imported_sets") == [("standardised",)]


@pytest.mark.parametrize("name", ["tile", "Block", "a b", "", "x" * 61])
def test_a_name_that_is_not_allowed_is_refused(name: str, terrakin: Terrakin, rows: Rows, tmp_path: Path) -> None:
    line = failure(terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet"), "--name", name))
    assert "is no name for a set" in line
    assert rows(COUNTS)[0][:3] == (0, 0, 0)


def test_without_a_vector_there_is_no_set(terrakin: Terrakin, database: Settings, tmp_path: Path) -> None:
    answer = terrakin("sets", "import", files.earth_index(tmp_path / "a.parquet", 0), "--name", "empty")
    assert answer.returncode == 0
    assert "0 rows with a vector" in answer.stderr
    assert "no set was imported" in terrakin("sets", "list").stdout
