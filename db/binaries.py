"""Finds PostgreSQL's programs and the system user that the private cluster runs as."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.errors import ClusterError

DEBIAN_ROOT = Path("/usr/lib/postgresql")
NEEDED_EXTENSIONS = ("postgis", "vector")
INSTALL_HINT = "run scripts/setup.sh, or set DATABASE_URL to a server that has them"


@dataclass(frozen=True)
class ServerUser:
    """The operating-system user that owns the data directory and runs the server."""

    name: str
    uid: int
    gid: int


def server_user() -> ServerUser:
    """This process's own user; ``postgres`` (else ``nobody``) for root, whom PostgreSQL refuses to run as."""
    entry = pwd.getpwuid(os.geteuid())
    if entry.pw_uid == 0:
        try:
            entry = pwd.getpwnam("postgres")
        except KeyError:
            entry = pwd.getpwnam("nobody")
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def bin_dir(major: int | None = None) -> Path:
    """Folder of ``initdb`` and ``pg_ctl``: of one major version, else the newest that has PostGIS and pgvector.

    Raises:
        ClusterError: no such PostgreSQL is installed.
    """
    found = sorted((d for d in DEBIAN_ROOT.glob("[0-9]*/bin") if (d / "initdb").exists()), key=_major, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    if major is not None:
        found = [d for d in found if _major(d) == major]
        if not found:
            raise ClusterError(
                f"the cluster was made by PostgreSQL {major}, which is not installed; install postgresql-{major}"
            )
        return found[0]
    if not found:
        raise ClusterError(f"PostgreSQL is not installed (no initdb in {DEBIAN_ROOT} or on PATH); {INSTALL_HINT}")
    for folder in found:
        if not missing_extensions(folder):
            return folder
    missing = " and ".join(missing_extensions(found[0]))
    raise ClusterError(f"PostgreSQL {_major(found[0])} has no extension {missing}; {INSTALL_HINT}")


def missing_extensions(folder: Path) -> list[str]:
    """Names of the extensions that the PostgreSQL with this program folder lacks."""
    share = Path(_output([str(folder / "pg_config"), "--sharedir"]))
    return [name for name in NEEDED_EXTENSIONS if not (share / "extension" / f"{name}.control").exists()]


def run_as(user: ServerUser, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, in ``/`` with a plain environment; output is captured, nothing raised.

    ``pg_ctl`` leaves a daemon behind that keeps its output open, hence the files instead of pipes.
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
    version = _output([str(folder / "initdb"), "--version"])
    return int(version.split("(PostgreSQL) ")[1].split(".")[0].split("beta")[0].split("rc")[0].split()[0])
