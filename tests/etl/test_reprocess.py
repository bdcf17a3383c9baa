"""``terrakin etl bias`` over the tiny demo: with several removals, killed at several stages, always all or nothing."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue
from etl.store.encoder import post_processing_version, read_encoder, write_post_processing
from etl.store.work_files import PATCHES, read_array
from etl.vectors.aggregation import aggregate
from etl.vectors.bias.spatial_bias import SpatialBias
from etl.vectors.post_processing import PostProcessing
from tests.conftest import cloned_database
from tests.etl.conftest import (
    PERIOD,
    CommandLine,
    InThisProcess,
    environment,
    lines_until,
    make_command_line,
    run_arguments,
)
from tests.etl.tables import tables
from tests.etl.tasks.test_kill import kill_all
from tests.locks import wait_until_blocked

LEACE = ("etl", "bias", "--removal", "leace", "--post-processing", "centred")
BACK = ("etl", "bias", "--removal", "none", "--post-processing", "standardised")
KILLED_AT = ("stage=aggregate city_id", "stage=load city_id", "stage=layout ")
OF_THE_LAYOUT = ("tiles", "indexes", "layouts")
"""Tables that differ after a killed run until the layout is made again."""
VECTORS = """
    SELECT tile_id, embedding_mean::real[], embedding_dominant::real[]
    FROM terrakin.tiles
"""


@pytest.fixture
def terrakin(copied: Settings) -> CommandLine:
    """The command line over ``copied``."""
    return make_command_line(copied.home, copied.database_url)


def recorded(conn: psycopg.Connection[Any]) -> PostProcessing:
    record = read_encoder(conn)
    assert record is not None
    return record.post_processing


def check_vectors(conn: psycopg.Connection[Any], home: Path) -> None:
    """Check that every stored vector is what the recorded post-processing makes of the stored patches."""
    processing = recorded(conn)
    stored = {tile: (mean, dominant) for tile, mean, dominant in conn.execute(VECTORS)}
    for path in (home / "work").rglob(PATCHES):
        patches = processing.apply(read_array(path, "embedding"))
        made = aggregate(patches, read_array(path, "patch_valid_share") >= 0.5)
        for number, mean, dominant in zip(read_array(path, "tile_id"), made.mean, made.dominant, strict=True):
            np.testing.assert_allclose(stored[int(number)][0], mean, atol=1e-4)
            np.testing.assert_allclose(stored.pop(int(number))[1], dominant, atol=1e-4)
    assert not stored


def test_after_a_kill_vectors_are_all_old_or_all_new_and_the_same_command_resumes(
    copied: Settings, tiny_demo: DemoCatalogue, terrakin: CommandLine
) -> None:
    with psycopg.connect(str(copied.database_url), autocommit=True) as conn:
        in_this_process = InThisProcess(terrakin.environment)
        before = tables(conn)
        undisturbed = terrakin(*LEACE)
        assert undisturbed.returncode == 0, undisturbed.stderr
        assert "stage=embed" not in undisturbed.stderr
        removed = tables(conn)
        removal = recorded(conn).removal
        assert removal is not None
        assert len(removal.measure) == 2  # three towns differ in two directions
        check_removed(conn)
        page = (copied.home / "reports" / "spatial_bias.html").read_text()
        assert "LEACE: 2 directions of city given kind removed" in page
        assert "not measurable" in page  # without the table of forms

        refused = in_this_process(*run_arguments(tiny_demo, "--post-processing", "standardised"))
        assert refused.returncode == 1
        assert "terrakin etl bias --post-processing standardised" in refused.stderr

        kill_at(terrakin, (*BACK, "--forms", str(tiny_demo.forms)), "stage=layout ")
        assert {name: rows for name, rows in tables(conn).items() if name not in OF_THE_LAYOUT} == {
            name: rows for name, rows in before.items() if name not in OF_THE_LAYOUT
        }
        assert "not measurable" not in (copied.home / "reports" / "spatial_bias.html").read_text()

        methods = []
        for wanted in KILLED_AT:
            kill_at(terrakin, LEACE, wanted)
            methods.append(recorded(conn).method)
            check_vectors(conn, copied.home)
        assert methods == ["standardised", "standardised", "centred"]
        last = terrakin(*LEACE)
        assert last.returncode == 0, last.stderr
        assert tables(conn) == removed


def test_removal_in_the_first_run_leaves_the_same_tables_as_removal_later(
    server_home: Path, copied: Settings, tiny_demo: DemoCatalogue, terrakin: CommandLine, tmp_path: Path
) -> None:
    later = terrakin(*LEACE)
    assert later.returncode == 0, later.stderr
    with cloned_database(server_home) as url:
        at_first = make_command_line(tmp_path / "at_first", url)
        arguments = run_arguments(tiny_demo, "--bias-removal", "leace", "--post-processing", "centred")
        done = at_first(*arguments)
        assert done.returncode == 0, done.stderr
        with psycopg.connect(url) as conn, psycopg.connect(str(copied.database_url)) as other:
            assert recorded(conn).removes == "leace"
            check_vectors(conn, tmp_path / "at_first")
            made, expected = tables(conn), tables(other)
        assert {name for name in made if made[name] != expected[name]} <= {"etl_tasks"}
        again = at_first(*arguments)
        assert again.returncode == 0, again.stderr
        assert "event=started" not in again.stderr.replace("stage=index event=started", "")
        refused = InThisProcess(at_first.environment)(*run_arguments(tiny_demo, "--bias-removal", "none"))
        assert refused.returncode == 1
        assert "--removal none" in refused.stderr


def test_a_run_whose_removal_found_nothing_can_be_repeated(
    server_home: Path, tiny_demo: DemoCatalogue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with cloned_database(server_home) as url:
        terrakin = make_command_line(tmp_path / ".terrakin", url)
        arguments = run_arguments(tiny_demo, "--bias-removal", "dimensions", "--without-layout")
        done = terrakin(*arguments)
        assert done.returncode == 0, done.stderr
        assert "excluded=0" in done.stderr
        with caplog.at_level(logging.INFO):
            again = InThisProcess(terrakin.environment)(*arguments)
        assert again.returncode == 0, again.stderr
        assert "event=nothing_removed" in caplog.text


def kill_at(terrakin: CommandLine, arguments: tuple[str, ...], wanted: str) -> None:
    process = terrakin.start(*arguments)
    list(lines_until(process, wanted))
    kill_all(process)


def check_removed(conn: psycopg.Connection[Any]) -> None:
    """Check that all towns have the same mean."""
    by_town: dict[int, list[list[float]]] = {}
    for city_id, mean in conn.execute("SELECT city_id, embedding_mean::real[] FROM terrakin.tiles"):
        by_town.setdefault(city_id, []).append(mean)
    means = np.array([np.mean(rows, axis=0) for rows in by_town.values()])
    spread = np.std([row for rows in by_town.values() for row in rows])
    assert np.abs(means - means.mean(axis=0)).max() < 1e-3 * spread


def test_dimensions_are_excluded_from_every_vector_and_older_vectors_are_not_loaded(
    copied: Settings, terrakin: CommandLine
) -> None:
    with psycopg.connect(str(copied.database_url), autocommit=True) as conn:
        # All tiles of a 2 x 2 town are neighbours of each other, so that no bias can be found: it is planted.
        excluded = [5, 700]
        is_planted = np.isin(np.arange(768), excluded)
        old = recorded(conn)
        assert old.texture is not None
        texture = replace(old.texture, mean=np.where(is_planted, 0, old.texture.mean))
        planted = replace(old, excluded_dimensions=tuple(excluded), texture=texture)
        bias = SpatialBias(is_planted.astype(float), np.full(768, np.nan), is_planted)
        write_post_processing(conn, planted, bias)
        listed = {row[0] for row in conn.execute("SELECT dimension FROM api.spatial_bias() WHERE is_excluded")}
        assert listed == set(excluded)
        conn.execute("DELETE FROM terrakin.tiles")
        conn.execute("UPDATE terrakin.etl_tasks SET status = 'pending' WHERE stage = 'load'")
        refused = terrakin("etl", "load", "--period", PERIOD)
        assert refused.returncode == 1
        assert "run `terrakin etl aggregate` first" in refused.stderr
        assert conn.execute("SELECT count(*) FROM terrakin.tiles").fetchone() == (0,)
        for stage in ("aggregate", "blocks", "load"):
            done = terrakin("etl", stage, "--period", PERIOD)
            assert done.returncode == 0, done.stderr
        for (vector,) in conn.execute(
            "SELECT embedding_mean::text FROM terrakin.tiles UNION SELECT embedding::text FROM terrakin.tile_aggregates"
        ):
            values = np.array(vector.strip("[]").split(","), dtype=float)
            assert not values[excluded].any()
            assert np.count_nonzero(values) > 500
        check_vectors(conn, copied.home)


def test_a_load_waits_for_a_switch_and_then_fails(copied: Settings, terrakin: CommandLine) -> None:
    with psycopg.connect(str(copied.database_url)) as conn:
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
        _, error = process.communicate(timeout=900)
        assert process.returncode == 1
        assert "terrakin etl aggregate" in error
        assert post_processing_version(conn) != version
        assert conn.execute("SELECT count(*) FROM terrakin.tiles").fetchone() == (0,)


def test_a_database_without_vectors_has_no_bias_to_measure(database: Settings) -> None:
    empty = InThisProcess(environment(database.home, database.database_url))("etl", "bias")
    assert empty.returncode == 1
    assert "terrakin etl run" in empty.stderr
