"""``compose.yaml`` as Docker Compose itself reads it (no engine is needed for that), and the files that it names."""

import fnmatch
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from webapp.tiles import SOURCES

REPOSITORY = Path(__file__).parents[1]
COMPOSE = Path(sys.executable).parent / "docker-compose"
PASSWORDS = {
    "TERRAKIN_SUPERUSER_PASSWORD": "ofSuperuser",
    "TERRAKIN_OWNER_PASSWORD": "ofOwner",
    "TERRAKIN_READER_PASSWORD": "ofReader",
}
TEXT = (REPOSITORY / "compose.yaml").read_text()
ONE_SHOT = {"migrate", "job"}
DOCKERFILES = sorted((REPOSITORY / "deploy").glob("*.Dockerfile"))
SET_BY_THE_DOCKERFILE = {"NUMBA_CACHE_DIR", "MPLCONFIGDIR", "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def configured(tmp_path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """``docker compose config`` with these variables only; no .env of this machine is read."""
    empty = tmp_path / "env"
    empty.touch()
    command = [COMPOSE, "--env-file", empty, "--file", REPOSITORY / "compose.yaml"]
    return subprocess.run(
        [*command, "--profile", "job", "config", "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    answer = configured(tmp_path_factory.mktemp("compose"), PASSWORDS)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)["services"]
    return found


@pytest.mark.parametrize("left_out", PASSWORDS)
def test_a_missing_password_is_named(tmp_path: Path, left_out: str) -> None:
    answer = configured(tmp_path, {name: text for name, text in PASSWORDS.items() if name != left_out})
    assert answer.returncode != 0
    assert f"required variable {left_out} is missing a value: fill in .env" in answer.stderr


def test_every_password_comes_from_outside(services: dict[str, Any]) -> None:
    values = {
        (name, variable): value
        for name, service in services.items()
        for variable, value in service["environment"].items()
    }
    secret = {key: value for key, value in values.items() if "PASSWORD" in key[1] or "postgresql://" in value}
    assert len(secret) == 8
    for (_, variable), value in secret.items():
        password = value.split("@")[0].split(":")[-1] if "//" in value else value
        assert password in PASSWORDS.values(), variable
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    assert {line for line in lines if "PASSWORD" in line} == {f"{name}=" for name in PASSWORDS}


def test_only_the_database_and_jobs_know_the_owner(services: dict[str, Any]) -> None:
    knowing = {name for name, service in services.items() if PASSWORDS["TERRAKIN_OWNER_PASSWORD"] in str(service)}
    assert knowing == {"db", "migrate", "job"}
    assert "postgresql://terrakin_reader:" in services["martin"]["environment"]["MARTIN_DATABASE_URL"]


def test_a_service_has_a_health_check_or_ends(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == ONE_SHOT
    assert {name for name, service in services.items() if service["restart"] == "no"} == ONE_SHOT


def test_each_waits_for_what_it_needs(services: dict[str, Any]) -> None:
    waits = {
        name: {needed: condition["condition"] for needed, condition in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    migrated = {"migrate": "service_completed_successfully"}
    assert waits == {
        "db": {},
        "migrate": {"db": "service_healthy"},
        "martin": migrated,
        "app": migrated,
        "job": migrated,
        "proxy": {"app": "service_healthy", "martin": "service_healthy"},
    }


def test_ports_are_open_on_loopback_only(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert set(published) == {"db", "proxy"}
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_no_service_gains_privileges(services: dict[str, Any]) -> None:
    assert all(service["security_opt"] == ["no-new-privileges:true"] for service in services.values())
    assert {name for name, service in services.items() if service.get("cap_drop") != ["ALL"]} == {"db"}
    assert {name for name, service in services.items() if not service.get("read_only")} == {"db", "job"}


def test_the_shared_memory_holds_a_parallel_index_build(services: dict[str, Any]) -> None:
    command = " ".join(services["db"]["command"])
    (gigabytes,) = re.findall(r"maintenance_work_mem=(\d+)GB", command)
    assert int(services["db"]["shm_size"]) >= int(gigabytes) * 2**30 * 1.25


def test_our_image_gets_only_variables_that_are_read(services: dict[str, Any]) -> None:
    settings = (REPOSITORY / "db" / "settings.py").read_text()
    read = set(re.findall(r'os\.environ\.get\("(\w+)"\)', settings))
    assert {"DATABASE_URL", "TERRAKIN_READER_URL", "TERRAKIN_PROXIES"} <= read
    for name in ("app", "migrate", "job"):
        assert set(services[name]["environment"]) <= read, name
    app = (REPOSITORY / "deploy" / "app.Dockerfile").read_text()
    environment = " ".join(re.findall(r"^ENV ((?:.*\\\n)*.*)$", app, re.MULTILINE))
    assert set(re.findall(r"(\w+)=", environment)) - read - {"PIP_NO_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK"} == (
        SET_BY_THE_DOCKERFILE
    )


def test_the_example_lists_every_variable() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    listed = set(re.findall(r"^#?(\w+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    assert listed == used
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    for name, value in re.findall(r"^#(\w+)=(.*)$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE):
        assert defaults[name] == value


def test_what_is_mounted_and_built_is_there(services: dict[str, Any]) -> None:
    mounted = [v["source"] for s in services.values() for v in s.get("volumes", []) if v["type"] == "bind"]
    built = [Path(s["build"]["context"]) / s["build"]["dockerfile"] for s in services.values() if "build" in s]
    assert len(mounted) == 2
    assert set(built) == set(DOCKERFILES)
    assert [path for path in mounted if not Path(path).is_file()] == []


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a file or folder out of the build: the last pattern that fits decides."""
    result = False
    for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and (path == pattern or fnmatch.fnmatch(path, pattern)):
            result = not line.startswith("!")
    return result


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_what_a_dockerfile_copies_is_in_the_build(dockerfile: Path) -> None:
    lines = [line.split() for line in dockerfile.read_text().splitlines() if line.startswith("COPY ")]
    copied = [
        word
        for line in lines
        if not any(w.startswith("--from=") for w in line)
        for word in line[1:-1]
        if not word.startswith("--")
    ]
    assert copied
    for path in copied:
        assert (REPOSITORY / path).exists()
        top = path if path.startswith("deploy/") else path.split("/")[0]
        assert not ignored(top), path
    assert ignored(".env")
    assert ignored(".git")
    assert ignored("webapp/static")


def test_martin_answers_where_its_health_check_asks(services: dict[str, Any]) -> None:
    martin = yaml.safe_load((REPOSITORY / "webapp" / "martin.yaml").read_text())
    (_, port) = services["martin"]["environment"]["MARTIN_LISTEN"].split(":")
    assert services["martin"]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}{martin['route_prefix']}/health"
    assert martin["listen_addresses"].startswith("${MARTIN_LISTEN:-")
    assert martin["postgres"]["connection_string"] == "${MARTIN_DATABASE_URL}"
    assert tuple(martin["postgres"]["functions"]) == SOURCES
    assert {path.stem for path in (REPOSITORY / "sql" / "tiles").glob("*.sql")} == set(SOURCES)
