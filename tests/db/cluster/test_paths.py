"""Homes with unusual names, permissions and owners."""

import os
from pathlib import Path

import pytest

from db import cluster
from db.cluster.paths import UNREACHABLE_HOMES
from db.errors import ClusterError
from tests.conftest import remove_cluster
from tests.db.cluster.servers import AS_ROOT, value


@pytest.mark.parametrize("name", ["x" * 120, "it's a home, ü & more"])
def test_a_home_whose_socket_path_is_unusable_gets_a_short_socket_folder(empty_home: Path, name: str) -> None:
    home = empty_home / name
    home.mkdir()
    try:
        address = cluster.start(home)
        assert len(str(address.socket_dir)) < 40
        assert address.socket_dir.stat().st_uid == cluster.locate(home).user.uid
        assert value(home, "SELECT 1") == 1
    finally:
        remove_cluster(home)


def test_a_home_that_pg_ctl_cannot_handle_is_refused(empty_home: Path) -> None:
    with pytest.raises(ClusterError, match="TERRAKIN_HOME"):
        cluster.start(empty_home / "$HOME")
    assert not (empty_home / "$HOME" / "cluster").exists()


@AS_ROOT
def test_a_home_that_the_servers_user_cannot_reach_has_its_data_elsewhere(
    empty_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty_home.chmod(0o700)
    home = empty_home / ".terrakin"
    try:
        cluster.start(home)
        assert len([r for r in caplog.records if "home_out_of_reach" in r.message]) == 1
        base = (home / "cluster").readlink()
        assert base.is_relative_to(UNREACHABLE_HOMES)
        assert value(home, "SHOW data_directory") == str(base / "data")
    finally:
        remove_cluster(home)


@AS_ROOT
def test_a_plain_user_cannot_start_the_cluster_of_another_user(empty_home: Path) -> None:
    cluster.start(empty_home)
    cluster.stop(empty_home)
    os.seteuid(65534)
    try:
        with pytest.raises(ClusterError, match=r"belongs to user postgres.*nobody"):
            cluster.start(empty_home)
    finally:
        os.seteuid(0)
