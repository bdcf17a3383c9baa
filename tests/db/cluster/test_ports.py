"""The cluster's port: remembered, replaced if taken, different for each cluster."""

import socket
from pathlib import Path

import pytest

from db import cluster
from db.cluster.ports import N_PORTS, ports, remember_port, remembered_port
from tests.conftest import temporary_home
from tests.db.cluster.servers import starting


def test_a_taken_port_is_replaced_and_the_new_one_remembered(
    empty_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = cluster.start(empty_home).port
    cluster.stop(empty_home)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", old))
        other.listen()
        new = cluster.start(empty_home).port
        assert new != old
        assert new in ports()
        assert f"event=port_taken port={old}" in caplog.text
        cluster.stop(empty_home)
    assert cluster.start(empty_home).port == new


def test_clusters_started_at_the_same_time_get_different_ports() -> None:
    with temporary_home() as one, temporary_home() as two, temporary_home() as three:
        homes = (one, two, three)
        for process in [starting(home) for home in homes]:
            output, _ = process.communicate()
            assert process.returncode == 0, output
        assert len({cluster.start(home).port for home in homes}) == 3


def test_the_first_port_is_a_setting(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports().stop  # beyond the ports of the other tests of this process
    monkeypatch.setenv("TERRAKIN_FIRST_PORT", str(first))
    assert cluster.start(empty_home).port in range(first, first + N_PORTS)


def test_a_damaged_port_file_counts_as_none(empty_home: Path) -> None:
    paths = cluster.locate(empty_home)
    assert remembered_port(paths) is None
    for text in ("", "{", "null"):
        paths.port_file.write_text(text)
        assert remembered_port(paths) is None
    remember_port(paths, 5441)
    assert remembered_port(paths) == 5441
