"""The recipes of ``sql/examples``, run by psql as a reader runs them, and the notebook that shows them."""

import csv
import io
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from db.connect import connect
from db.index import build_indexes
from db.settings import Settings
from tests.builders.world import GEOD, World, build_world
from tests.conftest import cloned_database

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "sql" / "examples").glob("*.sql"))
AS_READER = "SET ROLE terrakin_reader; SET default_transaction_read_only = on; SET search_path = public"

COLUMNS = {
    "01": "rank tile_id city country_code similarity distance_m compared",
    "02": "rank tile_id city continent similarity distance_m",
    "03": "rank tile_id city similarity lat compared is_exact",
    "04": "rank tile_id city similarity similarity_to_liked similarity_to_disliked",
    "05": "tile_id lon lat similarity_of_best_match best_match_tile_id best_match_city",
    "06": "city other_city similarity mean_similarity distance_m",
    "07": "rank tile_id city country_code similarity distance_m",
    "08": "earlier_tile_id later_tile_id earlier later similarity footprint",
    "09": "name n_tiles other_city n_matches similarity",
    "10": "rank tile_id city country_code similarity distance_m is_synthetic period licences attributions footprint",
    "11": "tile_id city_id similarity",
    "13": "continent n_matches n_tiles lift",
    "14": "tile_id n_of_ten_among_fifty",
    "15": "city other_city n_mutual",
    "16": "radius_m n_within n_eligible",
    "17": "rank tile_id city is_synthetic similarity distance_m",
    "18": "rank tile_id city similarity content texture",
    "19": "rank block_id city country_code similarity distance_m footprint",
    "20": "city country_code n_matches area_km2 least_similarity",
    "21": "rank block_id tile_id similarity road_m",
}
PLACES = "SELECT ST_X(location::geometry), ST_Y(location::geometry) FROM terrakin.tiles ORDER BY tile_id"
VECTORS = "SELECT tile_id, city_id, embedding_mean, umap_x, umap_y FROM terrakin.tiles ORDER BY tile_id"
FIRST_CITY = "SELECT city_id, city FROM api.tile_overview ORDER BY tile_id LIMIT 1"
ELIGIBLE = "SELECT count(*) FROM api.tile_overview WHERE city_id <> %s AND is_synthetic"

LAY_OUT = "UPDATE terrakin.tiles SET umap_x = ST_X(location::geometry), umap_y = ST_Y(location::geometry)"
SEEN_TWICE = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share)
    SELECT api.tile_id(32, false, 2500, 100 + t.n::integer, month.first_day), t.city_id, t.composite_id,
        daterange(month.first_day, month.first_day + 90), t.footprint, t.location, 1,
        CASE month.first_day WHEN '2024-06-01' THEN t.embedding_mean ELSE t.embedding_dominant END,
        t.embedding_dominant, 0.5
    FROM (SELECT t.*, row_number() OVER (ORDER BY t.tile_id) AS n FROM terrakin.tiles AS t LIMIT 5) AS t
    CROSS JOIN (VALUES (date '2024-06-01'), (date '2025-06-01')) AS month (first_day)
"""
"""Five cells in two summers, with other vectors in the second one."""


@pytest.fixture(scope="module")
def url(server_home: Path) -> Iterator[str]:
    with cloned_database(server_home) as url:
        settings = Settings(server_home, database_url=url)
        with connect(settings) as conn:
            world: World = build_world(conn, 300, 8, seed=4, n_real=1, with_blocks=True)
            assert len(world.tile_ids) == 300
            conn.execute(SEEN_TWICE)
            conn.execute(LAY_OUT)
        build_indexes(settings)
        yield url


def psql(url: str, file: Path) -> list[dict[str, str]]:
    command = ["psql", url, "--no-psqlrc", "--quiet", "--csv", "--set=ON_ERROR_STOP=1", f"--command={AS_READER}"]
    run = subprocess.run([*command, f"--file={file}"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return list(csv.DictReader(io.StringIO(run.stdout)))


@pytest.fixture(scope="module")
def answers(url: str) -> dict[str, list[dict[str, str]]]:
    return {file.stem[:2]: psql(url, file) for file in EXAMPLES}


def numbers(rows: list[dict[str, str]], column: str) -> list[float]:
    return [float(row[column]) for row in rows]


def test_there_are_at_least_twelve_and_each_has_rows(answers: dict[str, list[dict[str, str]]]) -> None:
    assert len(answers) == len(EXAMPLES) >= 12
    assert [name for name, rows in answers.items() if not rows] == []


@pytest.mark.parametrize(("number", "columns"), COLUMNS.items())
def test_each_has_its_columns(answers: dict[str, list[dict[str, str]]], number: str, columns: str) -> None:
    assert list(answers[number][0]) == columns.split()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_each_begins_with_the_question_that_it_answers(file: Path) -> None:
    first, second = file.read_text().splitlines()[:2]
    assert re.match(r"-- [A-Z].{20,}\?", first)
    assert second.startswith("-- ")


def test_the_guide_links_every_recipe() -> None:
    guide = (ROOT / "docs" / "analyst.md").read_text()
    assert [file.name for file in EXAMPLES if f"(../sql/examples/{file.name})" not in guide] == []


def test_matches_of_a_place_are_not_within_100_km(answers: dict[str, list[dict[str, str]]]) -> None:
    rows = answers["01"]
    assert min(numbers(rows, "distance_m")) > 100_000
    cities = [row["city"] for row in rows]
    assert max(cities.count(city) for city in cities) <= 3
    assert numbers(rows, "similarity") == sorted(numbers(rows, "similarity"), reverse=True)


def test_matches_are_on_other_continents(answers: dict[str, list[dict[str, str]]], url: str) -> None:
    with connect(Settings(Path(), database_url=url)) as conn:
        first = conn.execute("SELECT continent FROM api.tile_overview ORDER BY tile_id LIMIT 1").fetchone()
    assert first
    assert first[0] not in {row["continent"] for row in answers["02"]}


def test_a_single_continent_has_no_matches_on_others(url: str) -> None:
    with connect(Settings(Path(), database_url=url)) as conn:
        conn.execute("UPDATE terrakin.countries SET continent = 'Europe'")
        rows = conn.execute((ROOT / "sql" / "examples" / "02_matches_on_other_continents.sql").read_text()).fetchall()
        conn.rollback()
    assert rows == []


def test_matches_inside_the_region_are_north_of_the_equator(answers: dict[str, list[dict[str, str]]]) -> None:
    assert min(numbers(answers["03"], "lat")) > 0


def test_negative_examples_lower_the_similarity_with_them(
    answers: dict[str, list[dict[str, str]]], url: str, tmp_path: Path
) -> None:
    recipe = (ROOT / "sql" / "examples" / "04_more_like_these_less_like_those.sql").read_text()
    unrefined = tmp_path / "unrefined.sql"
    unrefined.write_text(recipe.replace("negative_weight => 0.3", "negative_weight => 0"))
    before, after = numbers(psql(url, unrefined), "similarity_to_disliked"), answers["04"]
    assert sum(numbers(after, "similarity_to_disliked")) < sum(before)
    assert min(numbers(after, "similarity_to_liked")) > max(numbers(after, "similarity_to_disliked"))


def test_the_most_unusual_tiles_come_first(answers: dict[str, list[dict[str, str]]]) -> None:
    alike = numbers(answers["05"], "similarity_of_best_match")
    assert alike == sorted(alike)
    assert alike[0] < alike[-1]


def test_the_matrix_has_every_pair_of_cities_once(answers: dict[str, list[dict[str, str]]]) -> None:
    pairs = {(row["city"], row["other_city"]) for row in answers["06"]}
    assert len(pairs) == len(answers["06"]) == 8 * 7


def test_matches_of_an_area_are_at_most_two_per_city(answers: dict[str, list[dict[str, str]]]) -> None:
    cities = [row["city"] for row in answers["07"]]
    assert max(cities.count(city) for city in cities) == 2


def test_changed_tiles_are_the_five_in_both_periods(answers: dict[str, list[dict[str, str]]]) -> None:
    rows = answers["08"]
    assert len(rows) == 5
    assert max(numbers(rows, "similarity")) < 0.99
    assert {row["later"] for row in rows} == {"[2025-06-01,2025-08-30)"}


def test_your_own_polygons_keep_their_names(answers: dict[str, list[dict[str, str]]]) -> None:
    assert len({row["name"] for row in answers["09"]}) == 2


def test_plain_pgvector_finds_what_the_function_finds(answers: dict[str, list[dict[str, str]]], url: str) -> None:
    with connect(Settings(Path(), database_url=url)) as conn:
        rows = conn.execute(
            "SELECT s.tile_id FROM api.similar_tiles((SELECT min(tile_id) FROM terrakin.tiles), method => 'mean', "
            "origin => 'any', exact => true) AS s"
        ).fetchall()
    assert [row["tile_id"] for row in answers["11"]] == [str(row[0]) for row in rows]


def test_explain_shows_a_plan(answers: dict[str, list[dict[str, str]]]) -> None:
    assert any("Scan" in row["QUERY PLAN"] for row in answers["12"])


def test_the_plan_reads_lists_by_the_index_until_the_limit(answers: dict[str, list[dict[str, str]]]) -> None:
    plan = "\n".join(row["QUERY PLAN"] for row in answers["12"])
    assert "Limit (actual" in plan
    assert "Nested Loop" in plan
    assert "embedding_lists" in plan


def test_lift_refers_to_the_tiles_that_could_be_matches(answers: dict[str, list[dict[str, str]]], url: str) -> None:
    with connect(Settings(Path(), database_url=url)) as conn:
        first = conn.execute(FIRST_CITY).fetchone()
        assert first
        eligible = conn.execute(ELIGIBLE, first[:1]).fetchone()
    rows = answers["13"]
    assert eligible == (sum(numbers(rows, "n_tiles")),)
    assert sum(numbers(rows, "n_matches")) == 200
    for row in rows:
        by_chance = 200 * float(row["n_tiles"]) / eligible[0]
        assert float(row["lift"]) == pytest.approx(float(row["n_matches"]) / by_chance, abs=0.006)


def nearest(distances: np.ndarray, k: int) -> set[int]:
    """Return the rows of the k smallest distances; of equal ones the first, which has the lower tile_id."""
    return set(np.argsort(distances, kind="stable")[:k].tolist())


def test_umap_and_vectors_agree_as_often_as_in_numpy(answers: dict[str, list[dict[str, str]]], url: str) -> None:
    with connect(Settings(Path(), database_url=url)) as conn:
        rows = conn.execute(VECTORS).fetchall()
    unit = np.array([row[2].to_numpy() for row in rows], dtype=float)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    plane = np.array([row[3:] for row in rows], dtype=float)
    truth = {}
    for i, row in enumerate(rows[:20]):
        near, alike = ((plane - plane[i]) ** 2).sum(axis=1), -np.round(unit @ unit[i], 9)
        near[i] = alike[i] = np.inf
        truth[str(row[0])] = str(len(nearest(near, 10) & nearest(alike, 50)))
    assert {row["tile_id"]: row["n_of_ten_among_fifty"] for row in answers["14"]} == truth


def test_mutual_matches_are_counted_as_in_numpy(answers: dict[str, list[dict[str, str]]], url: str) -> None:
    with connect(Settings(Path(), database_url=url)) as conn:
        rows = conn.execute(VECTORS).fetchall()
    unit, city = np.array([row[2].to_numpy() for row in rows], dtype=float), np.array([row[1] for row in rows])
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    apart = np.where(city[:, None] == city, np.inf, -np.round(unit @ unit.T, 9))
    neighbours = [nearest(row, 10) for row in apart]
    pairs = Counter(
        (city[a], city[b])
        for a, of_a in enumerate(neighbours)
        for b in of_a
        if a in neighbours[b] and city[a] < city[b]
    )
    found = {(row["city"], row["other_city"]): int(row["n_mutual"]) for row in answers["15"]}
    assert found == {(f"City {a}", f"City {b}"): pairs[a, b] for a, b in pairs if (f"City {a}", f"City {b}") in found}
    assert len(found) == min(20, len(pairs))
    assert sorted(found.values()) == sorted(pairs.values())[-len(found) :]


def test_tiles_within_a_radius_are_counted_as_by_proj(answers: dict[str, list[dict[str, str]]], url: str) -> None:
    with connect(Settings(Path(), database_url=url)) as conn:
        lon, lat = np.array(conn.execute(PLACES).fetchall(), dtype=float).T
    distance_m = GEOD.inv(np.full_like(lon, lon[0]), np.full_like(lat, lat[0]), lon, lat)[2]
    for row in answers["16"]:
        n_within = int((distance_m <= float(row["radius_m"])).sum())
        assert (int(row["n_within"]), int(row["n_eligible"])) == (n_within, len(lon) - n_within)
    assert len({row["n_within"] for row in answers["16"]}) > 3


def test_real_places_and_synthetic_towns_are_told_apart(answers: dict[str, list[dict[str, str]]]) -> None:
    assert {(row["is_synthetic"], row["city"] == "City 1") for row in answers["17"]} == {("t", False)}


def test_content_and_texture_average_to_the_similarity(answers: dict[str, list[dict[str, str]]]) -> None:
    content, texture = (np.array(numbers(answers["18"], name)) for name in ("content", "texture"))
    np.testing.assert_allclose((content + texture) / 2, numbers(answers["18"], "similarity"), atol=1e-6)


def test_more_of_an_estate_is_found_in_twenty_tiles(answers: dict[str, list[dict[str, str]]]) -> None:
    rows = answers["19"]
    assert len({int(row["block_id"]) >> 6 for row in rows}) == len(rows) == 20
    assert min(numbers(rows, "distance_m")) > 1000


def test_blocks_like_an_area_are_counted_by_city(answers: dict[str, list[dict[str, str]]]) -> None:
    assert sum(numbers(answers["20"], "n_matches")) == 1000
    assert sum(numbers(answers["20"], "area_km2")) == pytest.approx(102.4, abs=0.05)


def test_blocks_near_a_line_are_within_500_m_of_it(answers: dict[str, list[dict[str, str]]]) -> None:
    assert max(numbers(answers["21"], "road_m")) <= 501
    assert len(answers["21"]) == 20


def test_matches_are_exported_to_a_geopackage(url: str, tmp_path: Path) -> None:
    """Runs the command of the recipe with another connection."""
    recipe = ROOT / "sql" / "examples" / "10_export_matches.sql"
    command = re.search(r"^--   (ogr2ogr .*)$", recipe.read_text(), re.MULTILINE)
    assert command
    assert shutil.which("ogr2ogr"), "scripts/setup.sh test installs gdal-bin"
    own = command[1].replace("matches.gpkg", str(tmp_path / "matches.gpkg"))
    own = re.sub(r'"PG:[^"]*"', f'"PG:{url}"', own)
    subprocess.run(own, shell=True, check=True, cwd=ROOT)
    report = subprocess.run(
        ["ogrinfo", "-so", tmp_path / "matches.gpkg", "matches"], capture_output=True, text=True, check=True
    ).stdout
    assert "Feature Count: 100" in report
    assert "Polygon" in report


def test_the_notebook_runs(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Runs its cells in order in one namespace, as Jupyter does; figures are drawn, not shown."""
    matplotlib.use("Agg")
    monkeypatch.setenv("TERRAKIN_URL", url)
    monkeypatch.chdir(tmp_path)
    cells = json.loads((ROOT / "docs" / "analyst.ipynb").read_text())["cells"]
    namespace: dict[str, object] = {"EXAMPLES": ROOT / "sql" / "examples"}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), namespace)
    assert len(namespace["frames"]) == len(EXAMPLES)  # type: ignore[arg-type]
    assert (tmp_path / "matches.parquet").stat().st_size > 0
