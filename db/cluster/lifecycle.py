"""Starts, stops and deletes the private cluster of a home folder."""

import os
from pathlib import Path

from db.cluster import data_directory, database, process
from db.cluster.paths import ClusterPaths, locate, locked, make_folders, require_ours, require_space
from db.cluster.process import Address
from db.roles import OWNER

START_NEEDS_MIB = 64


def running(home: Path) -> Address | None:
    """Return the address of the cluster of ``home`` if it answers and has its database, else None.

    Raises:
        ClusterError: the server of another cluster answers in its place.
    """
    return process.answering(locate(home))


def start(home: Path) -> Address:
    """Start the cluster of ``home``, creating it if there is none; do nothing if it runs already.

    Raises:
        ClusterError: PostgreSQL is missing, the disk is full, a folder belongs to another user, or the server does not
            start (the message contains the reason from its log).
    """
    paths = locate(home)
    address = process.answering(paths)
    if address:
        return address
    if os.geteuid() != 0:
        # Checked before the lock file, which belongs to the same user as the folders. For root, make_folders checks it:
        # another process of root may have created a folder and not changed its owner yet.
        require_ours(paths)
    with locked(home):
        paths = locate(home)  # another process may have created and started the cluster in the meantime
        return process.answering(paths) or _create_and_start(paths)


def stop(home: Path) -> bool:
    """Stop the cluster of ``home`` and end its connections; return False if none was running."""
    if not home.exists():
        return False
    with locked(home):
        return _stop(locate(home))


def destroy(home: Path) -> None:
    """Stop the cluster of ``home`` and delete its data directory."""
    if not home.exists():
        return
    with locked(home):
        paths = locate(home)
        _stop(paths)
        data_directory.delete(paths)


def _create_and_start(paths: ClusterPaths) -> Address:
    require_space(paths.base, START_NEEDS_MIB)
    make_folders(paths)
    passwords = database.read_or_make_passwords(paths)
    data = data_directory.find_or_create(paths, passwords[OWNER])
    address = process.start(data)
    database.create_database(address, passwords)
    return address


def _stop(paths: ClusterPaths) -> bool:
    if not process.server_processes(paths.data):
        return False
    process.stop(data_directory.find(paths))
    return True
