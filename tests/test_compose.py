"""``compose.yaml`` as Docker Compose reads it (this needs no engine), and the files that it names."""

import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from terrakin import cli
from webapp.vector_tiles.routes import SOURCES

REPOSITORY = Path(__file__).parents[1]
COMPOSE = Path(sys.executable).parent / "docker-compose"
PASSWORDS = {
    "TERRAKIN_SUPERUSER_PASSWORD": "ofSuperuser",
    "TERRAKIN_OWNER_PASSWORD": "ofOwner",
    "TERRAKIN_READER_PASSWORD": "ofReader",
}
TEXT = (REPOSITORY / "compose.yaml").read_text()
GUIDE = (REPOSITORY / "docs" / "production.md").read_text()
ONE_SHOT = {"migrate", "job"}
DOCKERFILES = sorted((REPOSITORY / "deploy").glob("*.Dockerfile"))
OF_OTHER_PROGRAMS = {
    "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PIP_NO_CACHE_DIR",
    "PIP_DISABLE_PIP_VERSION_CHECK",
}  # fmt: skip


def configured(tmp_path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``docker compose config`` with only these variables; no .env of this machine is read."""
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
def test_a_missing_password_is_an_error_with_its_name(tmp_path: Path, left_out: str) -> None:
    answer = configured(tmp_path, {name: text for name, text in PASSWORDS.items() if name != left_out})
    assert answer.returncode != 0
    assert left_out in answer.stderr
    assert ".env" in answer.stderr


def test_no_password_is_in_the_files(services: dict[str, Any]) -> None:
    """Every password, also inside a URL, is one of the variables."""
    values = [value for service in services.values() for value in service["environment"].items()]
    urls = [value for _, value in values if "postgresql://" in value]
    assert urls
    found = {value for name, value in values if "PASSWORD" in name}
    found |= {password for url in urls for password in re.findall(r"://\w+:([^@]*)@", url)}
    assert found == set(PASSWORDS.values())
    assert all("@" in url for url in urls)
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    assert {line for line in lines if "PASSWORD" in line} == {f"{name}=" for name in PASSWORDS}


def test_services_that_only_read_do_not_have_the_owners_password(services: dict[str, Any]) -> None:
    for name in ("app", "martin", "proxy"):
        text = str(services[name])
        assert PASSWORDS["TERRAKIN_OWNER_PASSWORD"] not in text
        assert PASSWORDS["TERRAKIN_SUPERUSER_PASSWORD"] not in text
    assert "postgresql://terrakin_reader:" in services["martin"]["environment"]["MARTIN_DATABASE_URL"]


def test_every_service_has_a_health_check_or_ends(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert ("healthcheck" in service) != (name in ONE_SHOT), name
        assert (service["restart"] == "no") == (name in ONE_SHOT), name


@pytest.mark.parametrize(
    ("service", "needed", "condition"),
    [
        ("migrate", "db", "service_healthy"),
        ("martin", "migrate", "service_completed_successfully"),
        ("app", "migrate", "service_completed_successfully"),
        ("job", "migrate", "service_completed_successfully"),
        ("proxy", "app", "service_healthy"),
        ("proxy", "martin", "service_healthy"),
    ],
)
def test_a_service_waits_for_what_it_needs(services: dict[str, Any], service: str, needed: str, condition: str) -> None:
    assert services[service]["depends_on"][needed]["condition"] == condition


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert not services["app"].get("ports")
    assert not services["martin"].get("ports")


def test_no_service_can_gain_privileges(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert "no-new-privileges:true" in service["security_opt"], name
    for name in set(services) - {"db"}:  # PostgreSQL's image changes to its user at the start
        assert service_drops_all(services[name]), name
    for name in ("migrate", "martin", "app", "proxy"):
        assert services[name]["read_only"], name


def service_drops_all(service: dict[str, Any]) -> bool:
    return "ALL" in service.get("cap_drop", [])


def test_images_are_pinned_to_a_version(services: dict[str, Any]) -> None:
    pulled = [service["image"] for service in services.values() if "build" not in service]
    stages = {"frontend", "packages"}
    for dockerfile in DOCKERFILES:
        bases = re.findall(r"^FROM (\S+)", dockerfile.read_text(), re.MULTILINE)
        assert bases
        pulled += [base for base in bases if base not in stages]
    assert len(pulled) >= 4
    for image in pulled:
        assert re.fullmatch(r".+:\d+(\.\d+)*(-[a-z-]+)?", image), image


def subcommand(words: list[str]) -> click.Command:
    """Return the command of terrakin that a list of words starts with."""
    command: click.Command = cli
    context = click.Context(command)
    for word in words:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(context, word)
        assert found, words
        command, context = found, click.Context(found, parent=context)
    return command


def test_the_commands_of_the_services_exist(services: dict[str, Any]) -> None:
    for name in ("migrate", "app"):
        words = services[name]["command"]
        options = {option for parameter in subcommand(words).params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, name


def test_the_commands_of_the_guide_exist() -> None:
    commands = re.findall(r"\bjob ((?:db|etl) [a-z]+[^`\n]*)", GUIDE)
    assert len(commands) >= 3
    for command in commands:
        words = shlex.split(command.replace("...", ""))
        options = {option for parameter in subcommand(words).params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, command


def test_the_shared_memory_holds_a_parallel_index_build(services: dict[str, Any]) -> None:
    command = " ".join(services["db"]["command"])
    (gigabytes,) = re.findall(r"maintenance_work_mem=(\d+)GB", command)
    assert int(services["db"]["shm_size"]) >= int(gigabytes) * 2**30 * 1.25


def test_the_services_set_only_variables_that_are_read(services: dict[str, Any]) -> None:
    settings = (REPOSITORY / "db" / "settings.py").read_text()
    read = set(re.findall(r'"(DATABASE_URL|TERRAKIN_\w+)"', settings))
    assert {"DATABASE_URL", "TERRAKIN_READER_URL", "TERRAKIN_PROXIES"} <= read
    for name in ("app", "migrate", "job"):
        assert set(services[name]["environment"]) <= read, name
    dockerfile = (REPOSITORY / "deploy" / "app.Dockerfile").read_text()
    environment = " ".join(re.findall(r"^ENV ((?:.*\\\n)*.*)$", dockerfile, re.MULTILINE))
    assert set(re.findall(r"(\w+)=", environment)) <= read | OF_OTHER_PROGRAMS


def test_the_example_lists_every_variable_with_its_default() -> None:
    example = (REPOSITORY / ".env.example").read_text()
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    assert set(re.findall(r"^#?(\w+)=", example, re.MULTILINE)) == used
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    for name, value in re.findall(r"^#(\w+)=(.*)$", example, re.MULTILINE):
        assert defaults[name] == value


def test_mounted_files_and_dockerfiles_exist(services: dict[str, Any]) -> None:
    mounted = [v["source"] for s in services.values() for v in s.get("volumes", []) if v["type"] == "bind"]
    built = {Path(s["build"]["context"]) / s["build"]["dockerfile"] for s in services.values() if "build" in s}
    assert built == set(DOCKERFILES)
    assert mounted
    assert [path for path in mounted if not Path(path).is_file()] == []


def ignored(path: str) -> bool:
    """Return whether .dockerignore excludes a file or folder: the last pattern that matches decides."""
    result = False
    for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and (path == pattern or fnmatch.fnmatch(path, pattern)):
            result = not line.startswith("!")
    return result


def copied(dockerfile: Path) -> list[str]:
    """Return the sources that a Dockerfile copies from the build context."""
    lines = [line.split() for line in dockerfile.read_text().splitlines() if line.startswith("COPY ")]
    return [
        word
        for line in lines
        if not any(w.startswith("--from=") for w in line)
        for word in line[1:-1]
        if not word.startswith("--")
    ]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_what_a_dockerfile_copies_is_in_the_build_context(dockerfile: Path) -> None:
    sources = copied(dockerfile)
    assert sources
    for path in sources:
        assert (REPOSITORY / path).exists()
        assert not ignored(path if path.startswith("deploy/") else path.split("/")[0]), path


@pytest.mark.parametrize("path", [".env", ".git", "webapp/static"])
def test_secrets_history_and_built_files_are_not_in_the_build_context(path: str) -> None:
    assert ignored(path)


def test_the_image_has_everything_that_is_installed() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    installed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert set(installed) <= set(copied(REPOSITORY / "deploy" / "app.Dockerfile"))


def test_martin_answers_where_its_health_check_asks(services: dict[str, Any]) -> None:
    martin = yaml.safe_load((REPOSITORY / "webapp" / "martin.yaml").read_text())
    (_, port) = services["martin"]["environment"]["MARTIN_LISTEN"].split(":")
    assert services["martin"]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}{martin['route_prefix']}/health"
    assert martin["listen_addresses"].startswith("${MARTIN_LISTEN:-")
    assert martin["postgres"]["connection_string"] == "${MARTIN_DATABASE_URL}"


def test_martin_publishes_every_file_of_sql_tiles() -> None:
    martin = yaml.safe_load((REPOSITORY / "webapp" / "martin.yaml").read_text())
    assert set(martin["postgres"]["functions"]) == set(SOURCES)
    assert {path.stem for path in (REPOSITORY / "sql" / "tiles").glob("*.sql")} == set(SOURCES)
