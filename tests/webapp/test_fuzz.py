"""schemathesis asks the API everything that its own specification allows, and much that it does not: no 500.

A bounded number of questions an address; ``make fuzz`` (TERRAKIN_FUZZ_EXAMPLES=500) asks longer.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import schemathesis
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from db.settings import Settings
from tests.webapp.towns import TownDatabase
from webapp import create_app
from webapp.database import EXTENSION

EXAMPLES = int(os.environ.get("TERRAKIN_FUZZ_EXAMPLES", "8"))
LONG = 100
CHIP = "/api/v1/similar-to-chip"
"""Each file that is embedded is a process of 3 s: left to the long run, a tenth of it, and to test_chips.py."""
OPERATIONS = [
    (path, method)
    for path, operations in create_app(Settings(Path("/nowhere"))).spec["paths"].items()
    for method in operations
    if method in ("get", "post") and (path != CHIP or EXAMPLES >= LONG)
]
CHECKS = (content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def fuzzed(towns: TownDatabase) -> Iterator[APIFlask]:
    app = create_app(replace(towns.settings, rate_limit="none"))
    yield app
    app.extensions[EXTENSION].close()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda text: text.strip("/"))
def test_no_question_is_answered_with_500(fuzzed: APIFlask, path: str, method: str, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_wsgi("/api/openapi.json", fuzzed)[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters or operation.body):
        return  # nothing to ask wrongly

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES // 10 if path == CHIP else EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < LONG,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        response = case.call(headers={"Accept-Encoding": "identity"})  # its WSGI transport unpacks nothing
        assert response.status_code < 500 or (path == CHIP and response.status_code == 503), response.text
        case.validate_response(response, checks=CHECKS)

    ask()


def test_every_address_of_the_api_is_asked() -> None:
    assert len(OPERATIONS) >= 20
