"""The description of the API: valid OpenAPI 3.1, with names, summaries, examples and texts for everything."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from spentkey.web.app import described

JSON = dict[str, Any]
OPERATIONS = {
    "offerTask": "POST /api/v1/tasks",
    "listTasks": "GET /api/v1/tasks",
    "getTask": "GET /api/v1/tasks/{task}",
    "getTaskSteps": "GET /api/v1/tasks/{task}/steps",
    "planTask": "GET /api/v1/tasks/{task}/plan",
    "listEvidence": "GET /api/v1/evidence",
    "getEvidence": "GET /api/v1/evidence/{id}",
    "getCheckpoint": "GET /api/v1/evidence/checkpoint",
    "exportEvidence": "POST /api/v1/evidence/export",
    "getStatus": "GET /api/v1/status",
    "pause": "POST /api/v1/pause",
    "resume": "POST /api/v1/resume",
    "getMetrics": "GET /metrics",
    "getHealth": "GET /healthz",
    "getReadiness": "GET /readyz",
}


@pytest.fixture(scope="module")
def document() -> JSON:
    """The document that `/api/v1/openapi.json` gives."""
    return described()


def operations(document: JSON) -> Iterator[tuple[str, JSON]]:
    """Every operation, by its method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def check(document: JSON) -> None:
    """Validate a document."""
    OpenAPIV31SpecValidator(cast("Any", document)).validate()


def test_it_is_valid_openapi(document: JSON) -> None:
    """By a validator of other makers, with OpenAPI's own schema."""
    assert document["openapi"] == "3.1.0"
    check(document)


def test_a_name_that_openapi_does_not_allow_would_be_seen(document: JSON) -> None:
    """The same validator refuses a security scheme with a space in its name."""
    components = document["components"]
    schemes = {name.replace("NameAndKey", "name and key"): one for name, one in components["securitySchemes"].items()}
    with pytest.raises(OpenAPIValidationError):
        check({**document, "components": {**components, "securitySchemes": schemes}})


def test_operation_ids_are_stable(document: JSON) -> None:
    """Generated clients name their methods by them, so they are listed here."""
    assert {operation["operationId"]: where for where, operation in operations(document)} == OPERATIONS


def test_every_operation_says_what_it_is_for(document: JSON) -> None:
    """A summary of some words that is no function's name, and a description."""
    short = {where: one["summary"] for where, one in operations(document) if len(one["summary"].split()) < 2}
    assert short == {}
    assert [where for where, one in operations(document) if not one["description"]] == []


def test_every_security_scheme_that_is_named_is_described(document: JSON) -> None:
    """No operation asks for a login that the document does not explain."""
    named = {name for _, one in operations(document) for way in one.get("security", []) for name in way}
    schemes = document["components"]["securitySchemes"]
    assert set(schemes) == named == {"NameAndKey", "Key", "Signature"}
    assert [name for name, one in schemes.items() if not one["description"]] == []


def test_every_field_and_parameter_is_described(document: JSON) -> None:
    """Of bodies, of answers and of addresses."""
    schemas = document["components"]["schemas"]
    fields = {
        f"{name}.{field}"
        for name, one in schemas.items()
        for field, described_as in one.get("properties", {}).items()
        if not described_as.get("description")
    }
    parameters = {
        f"{where} {one['name']}"
        for where, operation in operations(document)
        for one in operation.get("parameters", [])
        if not one.get("description")
    }
    assert (fields, parameters) == (set(), set())
    assert len(schemas) > 12


def test_the_bodies_have_examples(document: JSON) -> None:
    """Somebody can copy the body of the webhook and of a pause."""
    schemas = document["components"]["schemas"]
    assert schemas["TaskHint"]["examples"] == [{"task": 40021}]
    assert set(schemas["Why"]["examples"][0]) == {"why"}
