"""What `evidence list` and `evidence show` print keeps to its schemas, and these name every step that there is."""

import json
from typing import Any, cast

import pytest
from doc_texts import REFERENCE
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from spentkey.core import timeline_texts
from spentkey.core.timeline_texts import TimelineText
from spentkey.storage.removal_shown import ProofState

SCHEMAS: dict[str, Any] = {file.name: json.loads(file.read_text("utf-8")) for file in REFERENCE.glob("*.schema.json")}
REGISTRY: Any = Registry[Any]().with_resources(
    [(name, Resource[Any].from_contents(schema)) for name, schema in SCHEMAS.items()]
)
SHOW: dict[str, Any] = SCHEMAS["evidence-show.schema.json"]["properties"]
STEP: dict[str, Any] = {
    "seq": 0,
    "at": "2026-07-01T12:00:00+00:00",
    "after_s": None,
    "code": "closed",
    "parameters": {},
    "text": "Read back, the task is closed.",
    "proof": "holds",
}
SHOWN: dict[str, Any] = {
    **{name: None for name in SHOW if name not in ("task", "warnings", "holds", "steps")},
    "task": "40021",
    "warnings": [],
    "holds": True,
    "steps": [STEP],
}
LISTED: dict[str, Any] = {"results": [], "next": None}


IMPOSSIBLE: list[dict[str, Any]] = [
    {"steps": []},
    {"steps": [{**STEP, "proof": "yes"}]},
    {"steps": [{**STEP, "code": "done"}]},
    {"steps": [{**STEP, "parameters": {"a": {}}}]},
    {"holds": None},
    {"outcome": "gone"},
    {"checkpoint": {"origin": "x", "size": 1, "root": "short"}},
    {"more": 1},
]


def complaints(schema: str, value: Any) -> list[str]:
    """What the schema says against a value."""
    validator = cast("Any", Draft202012Validator(SCHEMAS[schema], registry=REGISTRY))
    return [str(error.message) for error in validator.iter_errors(value)]


def test_every_step_that_there_is_stands_in_the_schema() -> None:
    """And none that there is not, nor any other state of a proof."""
    step = SHOW["steps"]["items"]["properties"]
    codes = {one.code for one in vars(timeline_texts).values() if isinstance(one, TimelineText)}
    assert (set(step["code"]["enum"]), set(step["proof"]["enum"])) == (codes, set(ProofState))


@pytest.mark.parametrize(
    "changes", [{}, {"checkpoint": {"origin": "spentkey/x", "size": 9, "root": "A" * 43 + "="}}, {"outcome": "removed"}]
)
def test_a_removal_keeps_to_its_schema(changes: dict[str, Any]) -> None:
    """With a checkpoint or without."""
    assert complaints("evidence-show.schema.json", {**SHOWN, **changes}) == []


@pytest.mark.parametrize("changes", IMPOSSIBLE, ids=json.dumps)
def test_a_removal_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    """A step without a record, a state that there is not."""
    assert complaints("evidence-show.schema.json", {**SHOWN, **changes}) != []


def test_a_page_without_results_keeps_to_its_schema() -> None:
    """That is an answer too."""
    assert complaints("evidence-list.schema.json", LISTED) == []


@pytest.mark.parametrize(
    "changes", [{"next": "8"}, {"next": -1}, {"results": None}, {"results": [{"at": "x", "seq": 1}]}, {"more": 1}]
)
def test_a_page_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    """Its entries are whole, and the next page begins at a number."""
    assert complaints("evidence-list.schema.json", {**LISTED, **changes}) != []
