"""Finds PostgreSQL's programs, and runs them as the system user that owns the private cluster."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.errors import ClusterError
from db.extensions import NEEDED

DEBIAN_ROOT = Path("/usr/lib/postgresql")
INSTALL_HINT = "run scripts/setup.sh, or set DATABASE_URL to a server that has them"


@dataclass(frozen=True)
class ServerUser:
    """The operating-system user that owns the data directory and runs the server."""

    name: str
    uid: int
    gid: int


def server_user(cluster_folder: Path) -> ServerUser:
    """Return the user that runs the server: the current one, but never root, which PostgreSQL refuses.

    For root, it is the owner of an existing ``cluster_folder``, else the user ``postgres``, else ``nobody``.

    Raises:
        ClusterError: the user id has no name, which PostgreSQL requires.
    """
    uid = os.geteuid()
    try:
        if uid != 0:
            entry = pwd.getpwuid(uid)
        elif cluster_folder.exists() and cluster_folder.stat().st_uid != 0:
            entry = pwd.getpwuid(cluster_folder.stat().st_uid)
        else:
            entry = _first_user("postgres", "nobody")
    except KeyError as error:
        raise ClusterError(
            f"{error.args[0]}: PostgreSQL runs only as a user with a name; add the user to /etc/passwd"
        ) from error
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _first_user(*names: str) -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in names if name in known)


def bin_dir(major: int | None = None) -> Path:
    """Return the folder of ``initdb`` and ``pg_ctl``: of a major version, else the newest with PostGIS and pgvector.

    Raises:
        ClusterError: no such PostgreSQL is installed.
    """
    found = _installed()
    if major is not None:
        found = [d for d in found if _major(d) == major]
        if not found:
            raise ClusterError(
                f"the cluster was created by PostgreSQL {major}, which is not installed; install postgresql-{major}"
            )
        return found[0]
    if not found:
        raise ClusterError(
            f"PostgreSQL is not installed (no initdb under {DEBIAN_ROOT}, and no server beside a pg_config on PATH); "
            f"{INSTALL_HINT}"
        )
    for folder in found:
        if not missing_extensions(folder):
            return folder
    missing = " and ".join(missing_extensions(found[0]))
    raise ClusterError(f"PostgreSQL {_major(found[0])} has no extension {missing}; {INSTALL_HINT}")


def _installed() -> list[Path]:
    """Return the program folders that contain a server: Debian's, newest first, then that of ``pg_config`` on PATH."""
    found = sorted((d for d in DEBIAN_ROOT.glob("[0-9]*/bin") if (d / "initdb").exists()), key=_major, reverse=True)
    on_path = shutil.which("pg_config")
    if on_path:
        folder = Path(_output([on_path, "--bindir"]))
        if (folder / "initdb").exists() and folder not in found:
            found.append(folder)
    return found


def missing_extensions(folder: Path) -> list[str]:
    """Return the names of the extensions that the PostgreSQL with this program folder lacks."""
    share = Path(_output([str(folder / "pg_config"), "--sharedir"]))
    return [e.name for e in NEEDED if not (share / "extension" / f"{e.name}.control").exists()]


def run_as(user: ServerUser, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, in ``/`` with a minimal environment; capture its output, raise nothing.

    The output goes to a file because ``pg_ctl`` leaves a daemon behind that would keep a pipe open.
    """
    is_other = user.uid != os.geteuid()
    with tempfile.TemporaryFile() as out:
        done = subprocess.run(
            list(command),
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user.uid if is_other else None,
            group=user.gid if is_other else None,
            extra_groups=[] if is_other else None,
            check=False,
        )
        out.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, stdout=out.read().decode(errors="replace"))


def _output(command: Sequence[str]) -> str:
    return subprocess.run(list(command), check=True, capture_output=True, text=True).stdout.strip()


def _major(folder: Path) -> int:
    return major_version(folder / "initdb")


def major_version(program: Path) -> int:
    """Return 15 for a program that prints ``initdb (PostgreSQL) 15.14 (Debian ...)``, 18 for ``18beta1``."""
    version = re.search(r"\(PostgreSQL\) (\d+)", _output([str(program), "--version"]))
    assert version is not None, "the programs of PostgreSQL have printed their version in this form since 8"
    return int(version[1])
