"""Real files of published embeddings, with the figures that were measured on them, and the same after centring."""

import gzip
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from db.concepts.fit import fit_direction
from db.connect import connect
from db.settings import Settings
from tests.etl.conftest import InThisProcess
from tests.etl.sets.sources import test_pixels as pixels

VECTORS = """
    SELECT i.embedding, v.embedding
    FROM terrakin.imported_items AS i
    JOIN terrakin.imported_sets AS s ON s.imported_set_id = i.imported_set_id
    JOIN api.imported_vectors AS v ON v.unit = s.name AND v.item_id = i.item_id
    WHERE s.name = %s
    ORDER BY i.item_id
"""
OVERVIEW = "SELECT {} FROM api.imported_overview AS o WHERE o.unit = %s ORDER BY o.item_id"
Import = Callable[..., str]


@pytest.fixture
def folder(real_data: Path) -> Path:
    return real_data / "embeddings"


@pytest.fixture
def import_(database: Settings) -> Import:
    """Imports a file under a name and returns what was printed."""
    run = InThisProcess(os.environ | {"DATABASE_URL": database.database_url or ""})

    def run_import(path: Path, name: str) -> str:
        answer = run("sets", "import", str(path), "--name", name)
        assert answer.returncode == 0, answer.stderr
        return answer.stderr

    return run_import


def rows(database: Settings, query: Any, name: str) -> list[Any]:
    with connect(database) as conn:
        return conn.execute(query, (name,)).fetchall()


def unit_vectors(database: Settings, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the vectors of the file, and, of unit length, these and those that searches compare."""
    source, searched = (
        np.array([v.to_numpy() for v in column]) for column in zip(*rows(database, VECTORS, name), strict=True)
    )
    return source, *(v / np.linalg.norm(v, axis=1, keepdims=True) for v in (source, searched))


def cosines(vectors: np.ndarray) -> np.ndarray:
    """Return the cosines of all pairs of different rows."""
    return np.asarray((vectors @ vectors.T)[np.triu_indices(len(vectors), 1)])


def agreement(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose nearest other row has the same label."""
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -2)
    return float((labels[similarity.argmax(axis=1)] == labels).mean())


def test_clay(folder: Path, import_: Import, database: Settings) -> None:
    printed = import_(folder / "clay-v0", "clay")
    assert "417 items of 768 numbers, length 1.734 to 2.181, mean 1.873" in printed
    source, unit, searched = unit_vectors(database, "clay")
    assert np.linalg.norm(source.mean(axis=0)) == pytest.approx(1.789, abs=1e-3)
    raw, centred = cosines(unit), cosines(searched)
    assert [raw.min(), np.percentile(raw, 5), np.median(raw)] == pytest.approx([0.637, 0.700, 0.973], abs=1e-3)
    assert (centred.min(), centred.max()) == (pytest.approx(-0.98, abs=0.01), pytest.approx(1, abs=0.01))
    print(f"cosines of Clay vectors: {raw.min():.3f} to {raw.max():.3f}, median {np.median(raw):.3f}")
    print(f"the same after centring: {centred.min():.3f} to {centred.max():.3f}, median {np.median(centred):.3f}")
    query = OVERVIEW.format(
        "ST_GeometryType(o.footprint), sqrt(ST_Area(o.footprint::geography)), o.observed_at::date::text"
    )
    kinds, sides, dates = zip(*rows(database, query, "clay"), strict=True)
    assert (set(kinds), set(dates)) == ({"ST_MultiPolygon"}, {"2022-06-10"})
    np.testing.assert_allclose(sides, 5120, rtol=0.003)


def test_alphaearth(folder: Path, import_: Import, database: Settings) -> None:
    printed = import_(folder / "aef" / "gee-export-points-2024.csv.gz", "aef")
    assert "2,880 items of 64 numbers, length 0.994 to 1.006" in printed
    _, unit, searched = unit_vectors(database, "aef")
    query = OVERVIEW.format("o.properties ->> 'region', o.properties ->> 'dw_label', o.observed_at::date::text")
    regions, labels, dates = (np.array(column) for column in zip(*rows(database, query, "aef"), strict=True))
    assert set(dates) == {"2024-01-01"}
    figures = [agreement(vectors, by) for vectors in (unit, searched) for by in (labels, regions)]
    assert figures[:2] == [pytest.approx(0.703, abs=1e-3), pytest.approx(0.990, abs=1e-3)]
    assert np.percentile(cosines(unit), [5, 50, 95]) == pytest.approx([-0.091, 0.126, 0.788], abs=1e-3)
    print(f"AlphaEarth, nearest neighbour of the same class: {figures[0]:.1%}, after centring {figures[2]:.1%}")
    print(f"AlphaEarth, nearest neighbour of the same region: {figures[1]:.1%}, after centring {figures[3]:.1%}")


N_POSITIVE, N_NEGATIVE, N_DRAWS = 20, 40, 5
MEASURED = {"plain mean": 0.456, "centred mean": 0.484, "rocchio": 0.503, "logistic": 0.506}
"""Mean average precision of a land cover in one region, by examples of the three others; chance is 0.11."""


def test_concepts_of_other_regions(folder: Path, import_: Import, database: Settings) -> None:
    import_(folder / "aef" / "gee-export-points-2024.csv.gz", "aef")
    _, unit, searched = unit_vectors(database, "aef")
    query = OVERVIEW.format("o.properties ->> 'region', o.properties ->> 'dw_label'")
    regions, labels = (np.array(column) for column in zip(*rows(database, query, "aef"), strict=True))
    rng = np.random.default_rng(0)
    scores: dict[str, list[float]] = {name: [] for name in (*MEASURED, "whitened")}
    whitening = np.linalg.pinv(np.cov(searched.T), rcond=1e-3, hermitian=True)
    for region, label, _ in itertools.product(np.unique(regions), np.unique(labels), range(N_DRAWS)):
        is_here, is_label = regions == region, labels == label
        positive = rng.choice(np.flatnonzero(~is_here & is_label), N_POSITIVE, replace=False)
        negative = rng.choice(np.flatnonzero(~is_here & ~is_label), N_NEGATIVE, replace=False)
        examples, is_positive = searched[[*positive, *negative]], np.arange(N_POSITIVE + N_NEGATIVE) < N_POSITIVE
        rocchio = fit_direction(examples, is_positive, "rocchio")
        directions = {
            "plain mean": (unit, unit[positive].mean(axis=0)),
            "centred mean": (searched, searched[positive].mean(axis=0)),
            "rocchio": (searched, rocchio),
            "logistic": (searched, fit_direction(examples, is_positive, "logistic")),
            "whitened": (searched, whitening @ rocchio),
        }
        if not is_label[is_here].any():
            continue
        for name, (vectors, direction) in directions.items():
            scores[name].append(average_precision_score(is_label[is_here], vectors[is_here] @ direction))
    means = {name: float(np.mean(found)) for name, found in scores.items()}
    print(
        "AlphaEarth, average precision by examples of other regions:", {n: f"{mean:.3f}" for n, mean in means.items()}
    )
    assert {name: means[name] for name in MEASURED} == pytest.approx(MEASURED, abs=0.02)
    # Whitening learns the place, not the land cover.
    assert means["whitened"] < means["plain mean"] < means["centred mean"] < means["rocchio"]


def test_the_vectors_are_those_of_the_file(folder: Path, import_: Import, database: Settings) -> None:
    path = folder / "aef" / "gee-export-points-2024.csv.gz"
    import_(path, "aef")
    with gzip.open(path) as stream:
        frame = pd.read_csv(stream)
    source, _, _ = unit_vectors(database, "aef")
    np.testing.assert_array_equal(source, frame[[f"A{i:02d}" for i in range(64)]].to_numpy(np.float32))


def test_a_raster_rebuilt_from_the_points_has_their_vectors(folder: Path, database: Settings, tmp_path: Path) -> None:
    """The numbers of Earth Engine are those of the raster, decoded: q is sign(a) sqrt(abs(a)) 127.5, exactly."""
    frame = pd.read_csv(folder / "aef" / "gee-export-points-2024.csv.gz", nrows=4)
    vectors = frame[[f"A{i:02d}" for i in range(64)]].to_numpy()
    stored = np.sign(vectors) * np.sqrt(np.abs(vectors)) * 127.5
    np.testing.assert_allclose(stored, np.round(stored), atol=2e-3)
    numbers = np.round(stored).astype(np.int8).T.reshape(64, 2, 2).repeat(224, axis=1).repeat(224, axis=2)
    raster = pixels.write_alphaearth(tmp_path / "rebuilt.tif", numbers)
    corner = (pixels.WEST, pixels.NORTH - 4480, pixels.WEST + 4480, pixels.NORTH)
    area = pixels.write_area(tmp_path / "area.geojson", *corner)
    run = InThisProcess(os.environ | {"DATABASE_URL": database.database_url or ""})
    answer = run("sets", "import", str(raster), "--name", "rebuilt", "--area", str(area))
    assert answer.returncode == 0, answer.stderr
    found = [row[0].to_numpy() for row in rows(database, VECTORS, "rebuilt")]
    wanted = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    # From the south-west corner, row by row.
    np.testing.assert_allclose(found, wanted[[2, 3, 0, 1]], atol=1e-5)


def test_a_ragged_row_has_no_vector(folder: Path, import_: Import, database: Settings) -> None:
    printed = import_(folder / "aef" / "points-with-missing.csv", "some")
    assert "5 items of 64 numbers, length 0.999 to 1.004" in printed
    assert "1 rows without a vector" in printed


def test_planet(folder: Path, import_: Import, database: Settings) -> None:
    printed = import_(folder / "planet", "planet")
    assert printed.count("warning:") == 1
    assert "its footer says EPSG:3857, but its coordinates are degrees" in printed
    assert "3 items of 512 numbers" in printed
    assert "2 rows without a vector" in printed
    source, unit, searched = unit_vectors(database, "planet")
    assert np.linalg.norm(source, axis=1) == pytest.approx([8.348, 9.964, 8.298], abs=1e-3)
    assert cosines(unit) == pytest.approx([0.72, 0.9964, 0.72], abs=6e-3)
    print(f"cosines of the three days: {cosines(unit).round(3)}, after centring {cosines(searched).round(3)}")
    lon, lat, dates = zip(
        *rows(database, OVERVIEW.format("o.lon, o.lat, o.observed_at::date::text"), "planet"), strict=True
    )
    assert lon + lat == pytest.approx((-48.33,) * 3 + (-10.18,) * 3, abs=0.01)
    assert dates == ("2018-08-01", "2018-08-03", "2018-08-05")


def test_a_file_without_rows(folder: Path, import_: Import) -> None:
    assert "0 rows with a vector" in import_(folder / "earth-index" / "21MNT.parquet", "earth")
