"""``terrakin concepts`` on the synthetic towns, whose blocks have known forms."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from sklearn.metrics import average_precision_score

from db.connect import connect
from db.embedding_sets.refit import refit
from db.embedding_sets.report import read_reports
from db.index import build_indexes
from tests.builders.towns import FORMS, TOWNS, TownDatabase
from tests.etl.conftest import InThisProcess

HARBOUR = FORMS.index("harbour")


def terrakin(towns: TownDatabase, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command of ``terrakin concepts``, without a process of its own: each would import scikit-learn."""
    run = InThisProcess(os.environ | {"DATABASE_URL": towns.settings.database_url or ""})
    return run("concepts", *map(str, arguments))


def fit(towns: TownDatabase, name: str, positive: list[int], *arguments: object) -> list[str]:
    """Fit a concept and return what is printed."""
    answer = terrakin(towns, "fit", name, "--positive", ",".join(map(str, positive)), *arguments)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


def blocks(towns: TownDatabase, town: int, form: int, n: int) -> list[int]:
    """Return the first n blocks of a form in a town, of different tiles."""
    tile_ids = [tile_id for tile_id, _ in towns.tiles[TOWNS[town].city_id]]
    return [tile_ids[i % len(tile_ids)] << 6 | (form + 3 * (i // len(tile_ids))) for i in range(n)]


def is_harbour(block_id: int) -> bool:
    return (block_id & 63) % len(FORMS) == HARBOUR


def one(towns: TownDatabase, query: str, *parameters: Any) -> Any:
    with psycopg.connect(towns.settings.database_url or "") as conn:
        return conn.execute(query, parameters).fetchone()


def rows(towns: TownDatabase, query: str, *parameters: Any) -> list[Any]:
    with psycopg.connect(towns.settings.database_url or "") as conn:
        return conn.execute(query, parameters).fetchall()


def test_five_blocks_of_two_towns_find_the_harbours_of_the_others(towns: TownDatabase) -> None:
    printed = fit(towns, "harbour", blocks(towns, 0, HARBOUR, 3) + blocks(towns, 1, HARBOUR, 2))
    assert "fitted by rocchio to 5 positive and 0 negative examples, 200 drawn at random (seed 0)" in printed[0]
    assert "the 10th percentile" in printed[1]
    assert "not validated: examples from one area" in printed[2]
    others = [town.city_id for town in TOWNS[2:]]
    found = rows(
        towns,
        """
        SELECT e.item_id, -(e.key <#> c.direction) FROM terrakin.concepts AS c
        JOIN terrakin.embedding_keys AS e ON e.set_id = c.set_id WHERE c.name = 'harbour' AND e.city_id = ANY(%s)
        """,
        others,
    )
    truth = [is_harbour(block_id) for block_id, _ in found]
    assert 0.2 < np.mean(truth) < 0.4
    assert average_precision_score(truth, [similarity for _, similarity in found]) > 0.9
    ids = [block_id for (block_id,) in rows(towns, "SELECT f.block_id FROM api.find('harbour') AS f")]
    assert np.mean([is_harbour(block_id) for block_id in ids]) > 0.9


def test_negative_examples_and_three_towns_give_a_logistic_fit_with_a_score(towns: TownDatabase) -> None:
    positive = [b for town in range(4) for b in blocks(towns, town, HARBOUR, 5)]
    negative = [b for town in range(4) for form in (0, 1) for b in blocks(towns, town, form, 5)]
    printed = fit(towns, "harbour", positive, "--negative", ",".join(map(str, negative)))
    assert "fitted by logistic to 20 positive and 40 negative examples, 200 drawn at random" in printed[0]
    assert "the best F1 in cities that were held out" in printed[1]
    assert "whole vectors of blocks are not stored" in printed[2]
    (precision, threshold_by) = one(towns, "SELECT average_precision, threshold_by FROM terrakin.concepts")
    assert precision > 0.9
    assert threshold_by == "validation"
    listed = terrakin(towns, "list").stdout.splitlines()
    assert [line.split()[:4] for line in listed[1:]] == [["harbour", "block", "logistic", "20/40"]]


@pytest.mark.parametrize(("n_negative", "town"), [(1, 0), (2, 3), (8, 2)])
def test_few_negative_examples_or_those_of_one_town_are_joined_by_random_ones(
    towns: TownDatabase, n_negative: int, town: int
) -> None:
    positive = [b for number in range(4) for b in blocks(towns, number, HARBOUR, 3)]
    negative = blocks(towns, town, 0, n_negative)
    printed = fit(towns, "harbour", positive, "--negative", ",".join(map(str, negative)))
    assert f"fitted by logistic to 12 positive and {n_negative} negative examples, 200 drawn at random" in printed[0]
    assert "average precision" in printed[2]


def test_tiles_are_compared_with_their_whole_vectors_too(towns: TownDatabase) -> None:
    positive = [tile_id for tiles in towns.tiles.values() for tile_id, form in tiles if form == "harbour"]
    printed = fit(towns, "harbour", positive, "--unit", "tile")
    assert "with whole vectors; keys keep 100.0% of their squared length" in printed[2]
    assert len(rows(towns, "SELECT FROM api.find('harbour')")) == len(positive)


def test_places_in_a_file_are_examples(towns: TownDatabase, tmp_path: Path) -> None:
    wanted = blocks(towns, 0, HARBOUR, 2)
    centres = [
        one(towns, "SELECT ST_AsGeoJSON(ST_Centroid(api.block_footprint(%s)))", block_id)[0] for block_id in wanted
    ]
    footprint = "SELECT ST_AsGeoJSON(t.footprint) FROM terrakin.tiles AS t WHERE t.tile_id = %s"
    (area,) = one(towns, footprint, wanted[1] >> 6)
    collection(tmp_path / "places.geojson", *centres)
    collection(tmp_path / "area.geojson", area)
    answer = terrakin(towns, "fit", "points", "--positive", tmp_path / "places.geojson")
    assert answer.returncode == 0, answer.stderr
    assert one(towns, "SELECT positive FROM terrakin.concepts WHERE name = 'points'") == (sorted(wanted),)
    assert terrakin(towns, "fit", "area", "--positive", tmp_path / "area.geojson").returncode == 0
    (positive,) = one(towns, "SELECT positive FROM terrakin.concepts WHERE name = 'area'")
    assert positive == [(wanted[1] >> 6) << 6 | number for number in range(49)]


def collection(path: Path, *geometries: str) -> None:
    features = [{"type": "Feature", "properties": {}, "geometry": json.loads(geometry)} for geometry in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def test_a_concept_is_replaced_only_if_that_is_asked_for(towns: TownDatabase) -> None:
    first, second = blocks(towns, 0, HARBOUR, 2)
    fit(towns, "harbour", [first])
    answer = terrakin(towns, "fit", "harbour", "--positive", second)
    assert answer.returncode == 1
    assert "exists; give another name, or --replace" in answer.stderr
    assert one(towns, "SELECT positive FROM terrakin.concepts") == ([first],)
    fit(towns, "harbour", [second], "--replace")
    assert one(towns, "SELECT positive FROM terrakin.concepts") == ([second],)
    assert terrakin(towns, "drop", "harbour").returncode == 0
    assert rows(towns, "SELECT FROM terrakin.concepts") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fit", "Harbour", "--positive", "{id}"), "'Harbour' is no name of a concept"),
        (("fit", "x", "--positive", "64"), "block 64 does not exist; api.block_at(lon, lat)"),
        (("fit", "x", "--positive", "{id}", "--negative", "{id}"), "is both a positive and a negative example"),
        (("fit", "x", "--positive", "missing.geojson"), "missing.geojson cannot be read (No such file or directory)"),
        (("fit", "x", "--positive", "{sea}"), "no block lies at feature 1 (Point); remove or move it"),
        (("fit", "x", "--positive", "{text}"), "is not GeoJSON"),
        (("fit", "x", "--positive", "{lines}"), "has other content; write a FeatureCollection of points and polygons"),
        (("fit", "x", "--positive", "{bowtie}"), "feature 1 has crossing lines, or lies outside the Earth"),
        (("fit", "x", "--positive", "{far}"), "feature 1 has crossing lines, or lies outside the Earth"),
        (("fit", "x", "--positive", "99999999999999999999"), "99999999999999999999 is no id of a block"),
        (("fit", "x", "--positive", "{id}", "--method", "best"), "unknown method 'best'"),
        (("drop", "x"), "there is no concept 'x'"),
    ],
)
def test_bad_input_is_one_clear_line_and_stores_nothing(
    towns: TownDatabase, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    files = {name: tmp_path / f"{name}.geojson" for name in ("sea", "text", "lines", "bowtie", "far")}
    collection(files["bowtie"], '{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}')
    collection(files["far"], '{"type": "Point", "coordinates": [500, 0]}')
    collection(files["sea"], '{"type": "Point", "coordinates": [0, 0]}')
    files["text"].write_text("{")
    collection(files["lines"], '{"type": "LineString", "coordinates": [[0, 0], [1, 1]]}')
    values = {"id": blocks(towns, 0, HARBOUR, 1)[0], **files}
    answer = terrakin(towns, *(argument.format(**values) for argument in arguments))
    assert answer.returncode == 1
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert rows(towns, "SELECT FROM terrakin.concepts") == []


def test_after_keys_were_fitted_again_a_concept_is_learned_again(towns: TownDatabase) -> None:
    fit(towns, "harbour", blocks(towns, 0, HARBOUR, 3))
    before = rows(towns, "SELECT f.block_id FROM api.find('harbour', ordered => true) AS f")
    with connect(towns.settings, autocommit=True) as conn:
        (present,) = [report for report in read_reports(conn) if report.unit == "block"]
    assert refit(towns.settings, present)
    assert "run `terrakin db index`" in terrakin(towns, "list").stdout
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="made again"):
        rows(towns, "SELECT FROM api.find('harbour')")
    build_indexes(towns.settings)
    assert rows(towns, "SELECT f.block_id FROM api.find('harbour', ordered => true) AS f") == before
    assert "db index" not in terrakin(towns, "list").stdout


def test_a_concept_whose_examples_are_gone_stays_and_does_not_stop_the_others(towns: TownDatabase) -> None:
    fit(towns, "gone", blocks(towns, 0, HARBOUR, 2))
    fit(towns, "kept", blocks(towns, 1, HARBOUR, 2))
    with connect(towns.settings) as conn:
        conn.execute("DELETE FROM terrakin.tiles WHERE city_id = %s", (TOWNS[0].city_id,))
        conn.execute("UPDATE terrakin.concepts SET set_id = -1")
    build_indexes(towns.settings)
    assert len(rows(towns, "SELECT FROM api.find('kept')")) > 0
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="made again"):
        rows(towns, "SELECT FROM api.find('gone')")


def test_after_another_post_processing_a_concept_is_learned_again(towns: TownDatabase) -> None:
    fit(towns, "harbour", blocks(towns, 0, HARBOUR, 3))
    with connect(towns.settings) as conn:
        conn.execute('UPDATE terrakin.encoder SET post_processing = \'{"method": "raw"}\'')
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="made again"):
        rows(towns, "SELECT FROM api.find('harbour')")
    build_indexes(towns.settings)
    assert len(rows(towns, "SELECT FROM api.find('harbour')")) > 0
