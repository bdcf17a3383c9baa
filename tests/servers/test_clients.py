"""Clients generated from the OpenAPI specification have every operation, and ask for what they are told."""

import importlib
import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from apiflask import APIFlask

from tests.builders.towns import TOWNS, TownDatabase
from webapp import create_app
from webapp.database import EXTENSION

SCRIPTS = Path(sysconfig.get_path("scripts"))
pytestmark = pytest.mark.skipif(
    not (SCRIPTS / "openapi-python-client").exists(), reason="no generators of clients: make test-servers"
)


@pytest.fixture(scope="module")
def app(towns: TownDatabase) -> Iterator[APIFlask]:
    app = create_app(replace(towns.settings, rate_limit="none"))
    yield app
    app.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def specification(app: APIFlask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specification") / "openapi.json"
    path.write_text(json.dumps(app.test_client().get("/api/openapi.json").get_json()))
    return path


@pytest.fixture(scope="module")
def generated(specification: Path) -> Iterator[tuple[ModuleType, str]]:
    """The package that openapi-python-client generates, and what it has printed."""
    folder = specification.with_name("client")
    command = [SCRIPTS / "openapi-python-client", "generate", "--path", specification, "--output-path", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (package,) = (path.parent for path in folder.glob("*/client.py"))
    sys.path.insert(0, str(folder))
    yield importlib.import_module(package.name), done.stdout + done.stderr
    sys.path.remove(str(folder))


def test_a_client_has_every_operation(specification: Path, generated: tuple[ModuleType, str]) -> None:
    package, printed = generated
    assert "Endpoint will not be generated" not in printed
    operations = {
        operation["operationId"]
        for by_method in json.loads(specification.read_text())["paths"].values()
        for operation in by_method.values()
        if "operationId" in operation
    }
    made = {path.stem for path in Path(str(package.__file__)).parent.glob("api/*/*.py")} - {"__init__"}
    assert len(operations) > 20
    assert made == operations


def test_a_client_searches_with_lists(app: APIFlask, towns: TownDatabase, generated: tuple[ModuleType, str]) -> None:
    httpx = pytest.importorskip("httpx")
    name = generated[0].__name__
    search: Any = importlib.import_module(f"{name}.api.search.get_search_similar")
    client = generated[0].Client(base_url="http://terrakin")
    client.set_httpx_client(httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://terrakin"))
    tile_id = towns.tiles[TOWNS[0].city_id][0][0]
    codes = sorted({town.country_code for town in TOWNS[1:]})[:2]
    answer = search.sync(client=client, tile_id=tile_id, k=40, countries=codes)
    assert {match.country_code for match in answer.matches} == set(codes)


def test_models_are_generated_into_one_file(specification: Path) -> None:
    path = specification.with_name("models.py")
    command = [SCRIPTS / "datamodel-codegen", "--input", specification, "--output", path]
    subprocess.run([*command, "--output-model-type", "pydantic_v2.BaseModel"], capture_output=True, check=True)
    shutil.copy(path, path.with_name("terrakin_models.py"))
    sys.path.insert(0, str(path.parent))
    models = importlib.import_module("terrakin_models")
    sys.path.remove(str(path.parent))
    schemas = json.loads(specification.read_text())["components"]["schemas"]
    assert {name for name in schemas if not hasattr(models, name)} == set()
