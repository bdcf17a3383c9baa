"""``terrakin etl bias`` over the tiny demo: repeated with other forms and removals, killed, and never half done."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from db.settings import Settings
from etl.cli import options, stages, vectors
from etl.demo.catalogue import DemoCatalogue
from etl.reports.spatial_bias import REMOVALS
from etl.store.encoder import post_processing_version, read_encoder, write_post_processing
from etl.store.work_files import PATCHES, read_array
from etl.vectors.aggregation import aggregate
from etl.vectors.post_processing import METHODS, PostProcessing
from etl.vectors.spatial_bias import SpatialBias
from tests.conftest import cloned_database
from tests.etl.conftest import PERIOD, CommandLine, run_arguments
from tests.etl.tables import tables
from tests.etl.tasks.test_kill import kill_all, lines_until
from tests.locks import wait_until_blocked

LEACE = ("etl", "bias", "--removal", "leace", "--post-processing", "centred")
BACK = ("etl", "bias", "--removal", "none", "--post-processing", "standardised")
KILLED_AT = ("stage=aggregate city_id", "stage=load city_id", "stage=layout ")
OF_THE_LAYOUT = ("tiles", "indexes", "layouts")
"""Tables that are not as they were before a killed run made them again."""
VECTORS = """
    SELECT tile_id, embedding_mean::real[], embedding_dominant::real[]
    FROM terrakin.tiles
"""


@pytest.fixture(scope="module")
def filled(server_home: Path, tmp_path_factory: pytest.TempPathFactory, tiny_demo: DemoCatalogue) -> Iterator[Settings]:
    """Home and database of a finished run: read only."""
    home = tmp_path_factory.mktemp("filled") / ".terrakin"
    with cloned_database(server_home) as url:
        done = CommandLine(environment(home, url))(*run_arguments(tiny_demo))
        assert done.returncode == 0, done.stderr
        yield Settings(home, database_url=url)


@pytest.fixture
def world(server_home: Path, filled: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A copy of the filled home and database."""
    home = tmp_path / ".terrakin"
    shutil.copytree(filled.home, home)
    with cloned_database(server_home, psycopg.conninfo.conninfo_to_dict(str(filled.database_url))["dbname"]) as url:
        yield Settings(home, database_url=url)


@pytest.fixture
def terrakin(world: Settings) -> CommandLine:
    """The command line over ``world``."""
    return CommandLine(environment(world.home, str(world.database_url)))


def environment(home: Path, url: str) -> dict[str, str]:
    return os.environ | {"TERRAKIN_HOME": str(home), "DATABASE_URL": url}


def recorded(conn: psycopg.Connection[Any]) -> PostProcessing:
    record = read_encoder(conn)
    assert record is not None
    return record.post_processing


def check_vectors(conn: psycopg.Connection[Any], home: Path) -> None:
    """Every stored vector is what the recorded post-processing makes of the kept patches."""
    processing = recorded(conn)
    stored = {tile: (mean, dominant) for tile, mean, dominant in conn.execute(VECTORS)}
    for path in (home / "work").rglob(PATCHES):
        patches = processing.apply(read_array(path, "embedding"))
        made = aggregate(patches, read_array(path, "patch_valid_share") >= 0.5)
        for number, mean, dominant in zip(read_array(path, "tile_id"), made.mean, made.dominant, strict=True):
            np.testing.assert_allclose(stored[int(number)][0], mean, atol=1e-4)
            np.testing.assert_allclose(stored.pop(int(number))[1], dominant, atol=1e-4)
    assert not stored


def test_killed_anywhere_vectors_are_all_old_or_all_new_and_the_same_command_ends_alike(
    world: Settings, tiny_demo: DemoCatalogue, terrakin: CommandLine
) -> None:
    with psycopg.connect(str(world.database_url), autocommit=True) as conn:
        before = tables(conn)
        undisturbed = terrakin(*LEACE)
        assert undisturbed.returncode == 0, undisturbed.stderr
        assert "stage=embed" not in undisturbed.stderr
        removed = tables(conn)
        removal = recorded(conn).removal
        assert removal is not None
        assert len(removal.measure) == 2  # three towns differ in two directions
        check_removed(conn)
        page = (world.home / "reports" / "spatial_bias.html").read_text()
        assert "LEACE: 2 directions of city given kind removed" in page
        assert "not measurable" in page  # without the table of forms

        refused = terrakin(*run_arguments(tiny_demo, "--post-processing", "standardised"))
        assert refused.returncode == 1
        assert "terrakin etl bias --post-processing standardised" in refused.stderr

        kill_at(terrakin, (*BACK, "--forms", str(tiny_demo.forms)), "stage=layout ")
        assert {name: rows for name, rows in tables(conn).items() if name not in OF_THE_LAYOUT} == {
            name: rows for name, rows in before.items() if name not in OF_THE_LAYOUT
        }
        assert "not measurable" not in (world.home / "reports" / "spatial_bias.html").read_text()

        methods = []
        for wanted in KILLED_AT:
            kill_at(terrakin, LEACE, wanted)
            methods.append(recorded(conn).method)
            check_vectors(conn, world.home)
        assert methods == ["standardised", "standardised", "centred"]
        last = terrakin(*LEACE)
        assert last.returncode == 0, last.stderr
        assert tables(conn) == removed


def test_removed_before_the_first_vector_is_made_all_is_as_if_it_were_removed_later(
    server_home: Path, world: Settings, tiny_demo: DemoCatalogue, terrakin: CommandLine, tmp_path: Path
) -> None:
    later = terrakin(*LEACE)
    assert later.returncode == 0, later.stderr
    with cloned_database(server_home) as url:
        at_first = CommandLine(environment(tmp_path / "at_first", url))
        arguments = run_arguments(tiny_demo, "--bias-removal", "leace", "--post-processing", "centred")
        done = at_first(*arguments)
        assert done.returncode == 0, done.stderr
        with psycopg.connect(url) as conn, psycopg.connect(str(world.database_url)) as other:
            assert recorded(conn).removes == "leace"
            check_vectors(conn, tmp_path / "at_first")
            made, expected = tables(conn), tables(other)
        assert {name for name in made if made[name] != expected[name]} <= {"etl_tasks"}
        again = at_first(*arguments)
        assert again.returncode == 0, again.stderr
        assert "event=started" not in again.stderr.replace("stage=index event=started", "")
        refused = at_first(*run_arguments(tiny_demo, "--bias-removal", "none"))
        assert refused.returncode == 1
        assert "were made with bias removal leace, not none" in refused.stderr


def test_a_removal_that_finds_nothing_is_no_reason_to_refuse_the_same_command(
    server_home: Path, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    with cloned_database(server_home) as url:
        terrakin = CommandLine(environment(tmp_path / ".terrakin", url))
        for said in ("excluded=0", "event=nothing_removed"):
            done = terrakin(*run_arguments(tiny_demo, "--bias-removal", "dimensions"))
            assert done.returncode == 0, done.stderr
            assert said in done.stderr


def kill_at(terrakin: CommandLine, arguments: tuple[str, ...], wanted: str) -> None:
    process = terrakin.start(*arguments)
    list(lines_until(process, wanted))
    kill_all(process)


def check_removed(conn: psycopg.Connection[Any]) -> None:
    """Towns have no mean of their own any more."""
    by_town: dict[int, list[list[float]]] = {}
    for city_id, mean in conn.execute("SELECT city_id, embedding_mean::real[] FROM terrakin.tiles"):
        by_town.setdefault(city_id, []).append(mean)
    means = np.array([np.mean(rows, axis=0) for rows in by_town.values()])
    spread = np.std([row for rows in by_town.values() for row in rows])
    assert np.abs(means - means.mean(axis=0)).max() < 1e-3 * spread


def test_dimensions_are_excluded_from_every_vector_and_vectors_of_before_are_not_loaded(
    world: Settings, terrakin: CommandLine
) -> None:
    with psycopg.connect(str(world.database_url), autocommit=True) as conn:
        # In the tiny demo's squares of 2 x 2 tiles all are neighbours of all, so nothing can be found: it is put in.
        excluded = [5, 700]
        is_planted = np.isin(np.arange(768), excluded)
        old = recorded(conn)
        planted = PostProcessing(old.method, old.mean, old.std, tuple(excluded))
        bias = SpatialBias(is_planted.astype(float), np.full(768, np.nan), is_planted)
        write_post_processing(conn, planted, bias)
        listed = {row[0] for row in conn.execute("SELECT dimension FROM api.spatial_bias() WHERE is_excluded")}
        assert listed == set(excluded)
        conn.execute("DELETE FROM terrakin.tiles")
        conn.execute("UPDATE terrakin.etl_tasks SET status = 'pending' WHERE stage = 'load'")
        refused = terrakin("etl", "load", "--period", PERIOD)
        assert refused.returncode == 1
        assert "its vectors were not made as the database's are; run `terrakin etl aggregate` first" in refused.stderr
        assert conn.execute("SELECT count(*) FROM terrakin.tiles").fetchone() == (0,)
        for stage in ("aggregate", "load"):
            done = terrakin("etl", stage, "--period", PERIOD)
            assert done.returncode == 0, done.stderr
        for (vector,) in conn.execute(
            "SELECT embedding_mean::text FROM terrakin.tiles UNION SELECT embedding::text FROM terrakin.tile_aggregates"
        ):
            values = np.array(vector.strip("[]").split(","), dtype=float)
            assert not values[excluded].any()
            assert np.count_nonzero(values) > 500
        check_vectors(conn, world.home)


def test_a_load_waits_for_a_switch_and_is_refused_after_it(world: Settings, terrakin: CommandLine) -> None:
    with psycopg.connect(str(world.database_url)) as conn:
        version = post_processing_version(conn)
        conn.commit()
        conn.execute("DELETE FROM terrakin.tiles")
        conn.execute("UPDATE terrakin.etl_tasks SET status = 'pending' WHERE stage = 'load'")
        conn.commit()
        old = recorded(conn)
        bias = SpatialBias(np.zeros(768), np.full(768, np.nan), np.zeros(768, bool))
        write_post_processing(conn, PostProcessing("raw", np.zeros_like(old.mean), np.ones_like(old.std)), bias)
        process = terrakin.start("etl", "load", "--period", PERIOD)
        wait_until_blocked(conn)
        conn.commit()
        _, error = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "its vectors were not made as the database's are" in error
        assert post_processing_version(conn) != version
        assert conn.execute("SELECT count(*) FROM terrakin.tiles").fetchone() == (0,)


def test_a_database_without_vectors_has_no_bias(database: Settings, command_line: Callable[..., CommandLine]) -> None:
    empty = command_line(database.home, str(database.database_url))("etl", "bias")
    assert empty.returncode == 1
    assert "terrakin etl run" in empty.stderr


def test_the_command_line_offers_what_there_is() -> None:
    @options.POST_PROCESSING
    def command() -> None: ...

    (offered,) = command.__click_params__  # type: ignore[attr-defined]
    assert tuple(offered.type.choices) == METHODS
    (removal,) = (p for p in vectors.bias.params if p.name == "removal")
    assert tuple(removal.type.choices) == REMOVALS
    (at_first,) = (p for p in stages.run.params if p.name == "bias_removal")
    assert tuple(at_first.type.choices) == REMOVALS
