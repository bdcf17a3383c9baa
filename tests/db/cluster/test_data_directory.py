"""The data directory: whole or absent, on a full disk too; foreign folders are not changed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import cluster
from db.cluster import data_directory, lifecycle
from db.cluster.paths import make_folders
from db.errors import ClusterError
from tests.conftest import remove_cluster
from tests.db.cluster.servers import keep_a_row, kill_server, value

DISK_MIB = 400


def test_a_killed_initdb_is_repeated(empty_home: Path) -> None:
    paths = cluster.locate(empty_home)
    make_folders(paths)
    half = paths.unfinished
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")
    (paths.base / "initdb.password").write_text("left behind")
    cluster.start(empty_home)
    assert not half.exists()
    assert not (paths.base / "initdb.password").exists()
    assert value(empty_home, "SELECT 1") == 1


@pytest.mark.parametrize(
    ("file", "text", "claim"),
    [
        ("notes.txt", "mine", "not a PostgreSQL data directory"),
        ("PG_VERSION", "not a number", "not a PostgreSQL data directory"),
        ("PG_VERSION", "15\n", "did not create"),
    ],
)
def test_a_foreign_data_folder_is_not_changed(empty_home: Path, file: str, text: str, claim: str) -> None:
    paths = cluster.locate(empty_home)
    make_folders(paths)
    paths.data.mkdir()
    (paths.data / file).write_text(text)
    with pytest.raises(ClusterError, match=claim):
        cluster.start(empty_home)
    assert [p.name for p in paths.data.iterdir()] == [file]
    assert (paths.data / file).read_text() == text


def test_the_error_names_the_postgresql_version_to_install(empty_home: Path) -> None:
    keep_a_row(empty_home)
    cluster.stop(empty_home)
    version = cluster.locate(empty_home).data / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")
    with pytest.raises(ClusterError, match="install postgresql-9"):
        cluster.start(empty_home)
    version.write_text(ours)
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


@pytest.fixture
def small_disk(empty_home: Path) -> Iterator[Path]:
    """A home on a separate disk of 400 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    home = empty_home / "disk"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=711", "tmpfs", str(home)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield home
    remove_cluster(home)
    subprocess.run(["umount", str(home)], check=True)


def fill(home: Path, leave_mib: int) -> Path:
    """Write a file that leaves only so many MiB of the disk free."""
    filler = home / "filler"
    with filler.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, shutil.disk_usage(home).free - leave_mib * 1024**2)
    return filler


def test_a_disk_too_full_for_a_cluster_is_refused_before_anything_is_created(small_disk: Path) -> None:
    filler = fill(small_disk, 100)
    with pytest.raises(ClusterError, match=r"is full: (99|100) MiB free, 300 MiB needed"):
        cluster.start(small_disk)
    assert not cluster.locate(small_disk).data.exists()
    filler.unlink()
    cluster.start(small_disk)


@pytest.mark.parametrize("leave_mib", [0, 1, 20])
def test_a_disk_that_fills_up_during_initdb_leaves_no_incomplete_files(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, leave_mib: int
) -> None:
    monkeypatch.setattr(lifecycle, "START_NEEDS_MIB", 0)
    monkeypatch.setattr(data_directory, "INITDB_NEEDS_MIB", 0)
    filler = fill(small_disk, leave_mib)
    with pytest.raises(ClusterError, match="No space left on device") as refused:
        cluster.start(small_disk)
    assert "\n" not in str(refused.value)
    paths = cluster.locate(small_disk)
    assert [p.name for p in paths.base.glob("*") if p.name not in ("run", "postgresql.log")] == []
    filler.unlink()
    cluster.start(small_disk)
    assert value(small_disk, "SELECT 1") == 1


def test_a_full_disk_stops_a_start_and_loses_nothing(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_a_row(small_disk)
    kill_server(small_disk)
    filler = fill(small_disk, 0)
    with pytest.raises(ClusterError, match="is full"):
        cluster.start(small_disk)
    monkeypatch.setattr(lifecycle, "START_NEEDS_MIB", 0)
    with pytest.raises(ClusterError, match=r"No space left on device|Check free disk space"):
        cluster.start(small_disk)
    filler.unlink()
    cluster.start(small_disk)
    assert value(small_disk, "SELECT number FROM kept") == 42


def test_the_data_directory_has_checksums_utf8_and_the_c_locale(server_home: Path) -> None:
    assert value(server_home, "SHOW data_checksums") == "on"
    assert value(server_home, "SHOW server_encoding") == "UTF8"
    assert value(server_home, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert value(server_home, "SHOW data_directory") == str(cluster.locate(server_home).data.resolve())
