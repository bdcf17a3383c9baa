"""Additions to APIFlask's OpenAPI specification: lists and JSON in query strings, and the schema of errors."""

import json
from typing import Any

from webapp.http.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "Short text for a heading."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, the value, and what to do."},
        "errors": {
            "type": "array",
            "description": "The invalid fields, each with the reason.",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}
ERRORS = {
    "400": "The request cannot be parsed.",
    "404": "The tile, block, city or layout does not exist.",
    "413": "The body is too large.",
    "415": "The body is compressed.",
    "422": "A value is invalid.",
    "429": "Too many requests; see Retry-After.",
    "503": "The database does not answer, or this server cannot process the request; see Retry-After.",
    "504": "The query took too long.",
}
JSON_IN_QUERY = ("within",)


def complete(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
    """Return the specification as it is served. APIFlask passes it as a dict; text would be YAML."""
    assert isinstance(spec, dict)
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("ValidationError", "HTTPError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    spec = _with_plain_names(spec)
    for operations in spec["paths"].values():
        for operation in operations.values():
            if "responses" in operation:
                _complete_operation(operation)
    return spec


def _with_plain_names(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the specification with ``City`` for ``Cities.City``: generators of clients take the dot for a package."""
    text = json.dumps(spec)
    for name in spec["components"]["schemas"]:
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{_plain(name)}"')
    renamed: dict[str, Any] = json.loads(text)
    schemas: dict[str, Any] = {}
    for name, schema in renamed["components"]["schemas"].items():
        same = schemas.setdefault(_plain(name), schema)
        assert same == schema, f"two different schemas are called {_plain(name)}"
    renamed["components"]["schemas"] = schemas
    return renamed


def _plain(name: str) -> str:
    return name.rpartition(".")[2]


def _complete_operation(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] in JSON_IN_QUERY:
            parameter["content"] = {"application/json": {"schema": parameter.pop("schema")}}
        elif parameter["in"] == "query" and _is_list(parameter.get("schema", {})):
            parameter |= {"style": "form", "explode": True}
    for status, description in ERRORS.items():
        operation["responses"][status] = {
            "description": description,
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _is_list(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_is_list(part) for part in schema.get("anyOf", []))
