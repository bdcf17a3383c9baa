"""Finding PostgreSQL, and what to install if it or its extensions are missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from db.cluster import binaries
from db.cluster.binaries import bin_dir, server_user
from db.errors import ClusterError


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of Debian's, and no PostgreSQL on PATH."""
    monkeypatch.setattr(binaries, "DEBIAN_ROOT", tmp_path / "versions")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    (tmp_path / "path").mkdir()
    return tmp_path / "versions"


def install(versions: Path, major: int, *extensions: str) -> Path:
    """Write programs that print their version, and the control files of extensions."""
    folder = versions / str(major) / "bin"
    share = versions / str(major) / "share"
    (share / "extension").mkdir(parents=True)
    folder.mkdir()
    for extension in extensions:
        (share / "extension" / f"{extension}.control").touch()
    scripts = {
        "initdb": f"echo 'initdb (PostgreSQL) {major}.4 (Debian {major}.4-1)'",
        "pg_config": f'[ "$1" = --bindir ] && echo {folder} || echo {share}',
    }
    for name, line in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder


def test_without_postgresql_the_error_names_the_setup_script(versions: Path) -> None:
    with pytest.raises(ClusterError, match=r"not installed.*scripts/setup.sh.*DATABASE_URL"):
        bin_dir()


def test_the_newest_version_with_both_extensions_is_used(versions: Path) -> None:
    install(versions, 9, "postgis", "vector")
    expected = install(versions, 16, "postgis", "vector")
    install(versions, 17, "postgis")
    assert bin_dir() == expected


@pytest.mark.parametrize(
    ("there", "missing"), [((), "postgis and vector"), (("postgis",), "vector"), (("vector",), "postgis")]
)
def test_missing_extensions_are_named(versions: Path, there: tuple[str, ...], missing: str) -> None:
    install(versions, 17, *there)
    with pytest.raises(ClusterError, match=f"17 .*{missing}; .*scripts/setup.sh"):
        bin_dir()


def test_a_server_on_path_is_found(versions: Path, tmp_path: Path) -> None:
    elsewhere = install(tmp_path / "elsewhere", 17, "postgis", "vector")
    (tmp_path / "path" / "pg_config").symlink_to(elsewhere / "pg_config")
    assert bin_dir() == elsewhere


def test_a_cluster_keeps_its_major_version(versions: Path) -> None:
    old = install(versions, 15, "postgis", "vector")
    install(versions, 17, "postgis", "vector")
    assert bin_dir(15) == old
    with pytest.raises(ClusterError, match=r"PostgreSQL 14.*install postgresql-14"):
        bin_dir(14)


def test_the_installed_version_runs() -> None:
    assert shutil.which("initdb", path=str(bin_dir())) is not None
    subprocess.run([bin_dir() / "postgres", "--version"], check=True, capture_output=True)


def test_root_never_runs_the_server(tmp_path: Path) -> None:
    user = server_user(tmp_path / "cluster")
    assert user.uid != 0
    assert user.uid == os.geteuid() or os.geteuid() == 0
