"""The JSON that commands print keeps to the schemas of the reference."""

import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from doc_texts import REFERENCE, page
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from spentkey.cli.check import counts
from spentkey.cli.show import summary
from spentkey.core.credential import Credential, Kind, Target, TargetKind
from spentkey.core.finding import Finding, FindingState, clock_finding
from spentkey.core.outcome import Attribution, RemovalRoute, Result, TicketState
from spentkey.core.plan import make_plan
from spentkey.core.planned import Action, Planned, PlannedRemoval

SCHEMAS: dict[str, Any] = {file.name: json.loads(file.read_text()) for file in REFERENCE.glob("*.schema.json")}
REGISTRY: Any = Registry[Any]().with_resources(
    [(name, Resource[Any].from_contents(schema)) for name, schema in SCHEMAS.items()]
)
SOME_ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def complaints(schema: str, value: Any) -> list[str]:
    """What the schema says against a value."""
    validator = cast("Any", Draft202012Validator(SCHEMAS[schema], registry=REGISTRY))
    return [str(error.message) for error in validator.iter_errors(value)]


def result(**fields: Any) -> Result:
    """A removed secret, unless said otherwise."""
    usual: dict[str, Any] = {
        "task": "40021",
        "outcome": "removed",
        "ticket": TicketState.CLOSED,
        "tenant": "production",
        "app_id": SOME_ID,
        "app_name": "Sales",
        "key_id": SOME_ID,
        "kind": "secret",
        "attribution": "confirmed",
        "route": "removePassword",
        "evidence": SOME_ID,
    }
    return Result(**{**usual, **fields})


def of_every_kind() -> Iterator[Result]:
    """Results as the steps make them."""
    for attribution, route in itertools.product(Attribution, RemovalRoute):
        yield result(attribution=attribution.value, route=route.value)
    for ticket in (TicketState.OPEN, TicketState.UNTOUCHED):
        yield result(ticket=ticket, reason="the ticket could not be written: Ivanti answered 500")
    gone: dict[str, Any] = {"outcome": "already-gone", "attribution": None, "route": None}
    yield result(**gone)
    for number, ticket in itertools.product(range(11), (TicketState.HANDED_OFF, TicketState.UNTOUCHED)):
        yield result(outcome="refused", ticket=ticket, attribution=None, guard=f"G{number}", reason="no")
    for outcome in ("failed", "cannot-tell"):
        yield result(outcome=outcome, ticket=TicketState.OPEN, attribution=None, reason="Ivanti did not answer")
    yield Result(task="1", outcome="not-ours", ticket=TicketState.UNTOUCHED, reason="no task has the number 1")


EVERY = list(of_every_kind())


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_a_schema(name: str) -> None:
    """Each file is valid JSON Schema and is linked from the page of commands."""
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert f"({name})" in page("docs", "reference", "commands.md")


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.outcome}-{one.ticket.value}")
def test_a_result_keeps_to_its_schema(one: Result) -> None:
    """Whatever a run can end with fits, also after a round trip through JSON."""
    assert complaints("result.schema.json", json.loads(json.dumps(one.as_json()))) == []


def test_many_results_keep_to_their_schema() -> None:
    """The object of `work` and `demo` fits."""
    value = {"tasks": [one.as_json() for one in EVERY], "summary": summary(EVERY)}
    assert complaints("run-many.schema.json", value) == []
    assert complaints("run-many.schema.json", {"tasks": [], "summary": summary([])}) == []


def removal() -> PlannedRemoval:
    """A secret without a name that ended a day ago, beside a certificate whose end is not known."""
    spent = Credential(SOME_ID, Kind.SECRET, None, NOW - timedelta(days=1), "{}")
    kept = Credential(SOME_ID[::-1], Kind.CERTIFICATE, "CN=kept", None, '{"x": 1}')
    return PlannedRemoval(
        make_plan(Target(TargetKind.APPLICATION, SOME_ID, SOME_ID, "Sales", (spent, kept)), spent), NOW
    )


def planned(*lines: Mapping[str, Any]) -> dict[str, Any]:
    """The object of `plan` with these lines."""
    return {"tasks": list(lines), "summary": {"fallback_would_free": len(lines)}}


@pytest.mark.parametrize("action", list(Action))
def test_a_plan_keeps_to_its_schema(action: Action) -> None:
    """Every line that a plan can have fits."""
    removes = action is Action.REMOVE
    found = result(outcome="not-ours", attribution=None, reason=None if removes else "because")
    line = Planned(action, found, removal=removal() if removes else None).as_json()
    assert complaints("plan.schema.json", planned(line, line)) == []


def test_a_plan_may_know_next_to_nothing() -> None:
    """A task that is not ours has a number and a reason alone."""
    line = Planned(Action.PASS, Result(task="1", outcome="not-ours", ticket=TicketState.UNTOUCHED, reason="no"))
    assert complaints("plan.schema.json", planned(line.as_json())) == []


@pytest.mark.parametrize("field", sorted(result().as_json()))
def test_a_result_without_a_field_is_refused(field: str) -> None:
    """Every field is always there, if only as null."""
    value = result().as_json()
    del value[field]
    assert complaints("result.schema.json", value) != []


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "done"},
        {"ticket": "resolved"},
        {"task": 40021},
        {"task": ""},
        {"app_id": SOME_ID.upper()},
        {"key_id": "*"},
        {"kind": "certificaat"},
        {"route": "DELETE"},
        {"guard": "G11", "outcome": "refused", "reason": "no", "attribution": None, "ticket": "handed-off"},
        {"attribution": None},
        {"attribution": "guessed"},
        {"reason": ""},
        {"guard": "G5"},
        {"outcome": "refused", "attribution": None, "ticket": "handed-off"},
        {"outcome": "failed", "attribution": None, "ticket": "closed"},
        {"outcome": "not-ours", "attribution": None, "ticket": "open"},
        {"secret": "x"},
    ],
    ids=json.dumps,
)
def test_a_result_that_cannot_be_is_refused(wrong: Mapping[str, Any]) -> None:
    """The schema says no to other words, and to combinations that never come from a run."""
    assert complaints("result.schema.json", {**result().as_json(), **wrong}) != []


@pytest.mark.parametrize(
    "wrong", [{"would": "delete"}, {"evidence": SOME_ID}, {"key_id": None}, {"outcome": "removed"}, {"reason": "?"}]
)
def test_a_plan_that_cannot_be_is_refused(wrong: Mapping[str, Any]) -> None:
    """A line that would remove names everything, and nothing in a plan has happened."""
    line = Planned(Action.REMOVE, result(outcome="not-ours", attribution=None)).as_json()
    assert complaints("plan.schema.json", planned({**line, **wrong})) != []


@pytest.mark.parametrize("wrong", [{"fallback_would_free": -1}, {"fallback_would_free": None}, {"freed": 0}])
def test_a_plans_summary_that_cannot_be_is_refused(wrong: Mapping[str, Any]) -> None:
    """It counts what the fallback would free, and nothing else."""
    assert complaints("plan.schema.json", {"tasks": [], "summary": {"fallback_would_free": 0, **wrong}}) != []


LEFT = {
    "id": "8",
    "scope": "everything",
    "kind": "paused",
    "since": "2026-07-01T12:00:00+00:00",
    "task": None,
    "why": "x",
}
LIFTED: dict[str, Any] = {"stopped": "a survivor was lost", "resumed": True, "lifted": ["7"], "left": []}
NOTHING: dict[str, Any] = {"stopped": None, "resumed": False, "lifted": [], "left": []}


@pytest.mark.parametrize(
    "value",
    [
        LIFTED,
        NOTHING,
        {
            **LIFTED,
            "left": [LEFT, {**LEFT, "scope": "route:production/removeKey", "kind": "survivor-lost", "task": "1"}],
        },
        {**NOTHING, "left": [{**LEFT, "scope": "application:a", "kind": "survivor-lost", "task": "1"}]},
    ],
)
def test_a_resumption_keeps_to_its_schema(value: Mapping[str, Any]) -> None:
    """A stop that is lifted, and nothing that was stopped."""
    assert complaints("resume.schema.json", value) == []


@pytest.mark.parametrize(
    "value",
    [
        {**LIFTED, "stopped": None},
        {**NOTHING, "stopped": "a survivor was lost"},
        {**LIFTED, "stopped": ""},
        {**LIFTED, "lifted": []},
        {**LIFTED, "lifted": ["7", "7"]},
        {**LIFTED, "lifted": [7]},
        {**NOTHING, "lifted": ["7"]},
        {**NOTHING, "left": [{**LEFT, "scope": "tenant:production"}]},
        {**NOTHING, "left": [{**LEFT, "who": "x"}]},
        {**NOTHING, "left": [{**LEFT, "kind": "resumed"}]},
        {"stopped": None, "resumed": False},
        {**NOTHING, "who": "x"},
    ],
    ids=json.dumps,
)
def test_a_resumption_that_cannot_be_is_refused(value: Mapping[str, Any]) -> None:
    """Nothing is lifted that was not stopped, and what stands on is said whole."""
    assert complaints("resume.schema.json", value) != []


@pytest.mark.parametrize("value", [{"stopped": "a pause", "paused": True}, {"stopped": "a pause", "paused": False}])
def test_a_pause_keeps_to_its_schema(value: Mapping[str, Any]) -> None:
    """It is made, or was there."""
    assert complaints("pause.schema.json", value) == []


@pytest.mark.parametrize(
    "value", [{"stopped": None, "paused": True}, {"stopped": "", "paused": False}, {"paused": True}]
)
def test_a_pause_that_stops_nothing_is_refused(value: Mapping[str, Any]) -> None:
    """Something is always stopped then."""
    assert complaints("pause.schema.json", value) != []


STATUS: dict[str, Any] = {
    "queue": 0,
    "stops": [],
    "paused": False,
    "last_scan": None,
    "last_checkpoint": None,
    "credentials": [],
}
LAST = {"size": 7, "root": f"{'A' * 43}=", "at": "2026-08-01T12:00:00+00:00", "key": "0a1b2c3d", "signed": True}
SCANNED = {"scan": "s", "at": "2026-08-01T12:00:00+00:00", "complete": True, "lapsed": 7, "tenants": ["production"]}
OWN = {"tenant": "production", "kind": "secret", "ends": "2026-08-01T12:00:00+00:00", "days": 31}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"queue": None},
        {"stops": [LEFT], "paused": True},
        {"stops": None, "paused": None},
        {"last_scan": SCANNED},
        {"last_scan": {**SCANNED, "complete": False, "lapsed": None, "tenants": []}},
        {"last_checkpoint": LAST},
        {"last_checkpoint": {**LAST, "at": None, "key": None, "signed": False}},
        {"credentials": [OWN, {**OWN, "ends": None, "days": None}]},
    ],
)
def test_a_status_keeps_to_its_schema(changes: Mapping[str, Any]) -> None:
    """Also where something could not be read."""
    assert complaints("status.schema.json", {**STATUS, **changes}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"queue": -1},
        {"queue": "1"},
        {"stops": None},
        {"paused": None},
        {"stops": [{**LEFT, "id": 8}]},
        {"last_scan": {**SCANNED, "lapsed": -1}},
        {"last_checkpoint": {**LAST, "size": 0}},
        {"last_checkpoint": {**LAST, "root": "AAAA"}},
        {"last_checkpoint": {**LAST, "key": "signing.key"}},
        {"last_checkpoint": {**LAST, "more": 1}},
        {"credentials": None},
        {"credentials": [{**OWN, "days": "31"}]},
        {"more": 1},
    ],
)
def test_a_status_that_cannot_be_is_refused(changes: Mapping[str, Any]) -> None:
    """Stops and whether one of them is a pause are known together."""
    assert complaints("status.schema.json", {**STATUS, **changes}) != []


SIGNED: dict[str, Any] = {
    "origin": "spentkey/0011223344556677",
    "size": 7,
    "root": f"{'A' * 43}=",
    "signed": True,
    "new": True,
    "key": "spentkey/0011223344556677+0a1b2c3d+AQ==",
    "note": "x",
    "reason": None,
    "fix": None,
}
UNSIGNED: dict[str, Any] = {**SIGNED, "signed": False, "new": False, "key": None, "note": None}


@pytest.mark.parametrize(
    "value",
    [
        SIGNED,
        {**SIGNED, "new": False},
        UNSIGNED,
        {**UNSIGNED, "size": None, "root": None, "reason": "restored", "fix": "say why"},
        {**UNSIGNED, "size": None, "root": None, "origin": None},
    ],
)
def test_a_checkpoint_keeps_to_its_schema(value: Mapping[str, Any]) -> None:
    """Signed, not signed, refused, or nothing to sign."""
    assert complaints("evidence-checkpoint.schema.json", value) == []


@pytest.mark.parametrize(
    "value",
    [
        {**SIGNED, "note": None},
        {**SIGNED, "size": None},
        {**SIGNED, "key": None},
        {**SIGNED, "reason": "restored"},
        {**UNSIGNED, "note": "x"},
        {**UNSIGNED, "new": True},
        {**SIGNED, "more": 1},
    ],
)
def test_a_checkpoint_that_cannot_be_is_refused(value: Mapping[str, Any]) -> None:
    """What is signed has a note, and what is not has none."""
    assert complaints("evidence-checkpoint.schema.json", value) != []


@pytest.mark.parametrize(
    "wrong",
    [{"tasks": -1}, {"outcomes": {"done": 1}}, {"tickets": {"closed": 0}}, {"tickets": {"closed": "1"}}, {"more": 1}],
)
def test_a_summary_that_cannot_be_is_refused(wrong: Mapping[str, Any]) -> None:
    """Counts are counts of outcomes and ticket states that exist."""
    value = {"tasks": [result().as_json()], "summary": {**summary([result()]), **wrong}}
    assert complaints("run-many.schema.json", value) != []


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FINDINGS = [
    Finding("Ivanti", "queue", FindingState.OK, "3 open tasks with the team Automation"),
    Finding("Passwordstate", "build", FindingState.WARN, "9858", "upgrade"),
    Finding("Entra production", "permissions", FindingState.FAIL, "cannot write: none", "grant it"),
    *(clock_finding("Ivanti", NOON, theirs) for theirs in (NOON, NOON + timedelta(hours=1), None)),
]


def check_up(**wrong: Any) -> dict[str, Any]:
    """The object of `check`, with its first finding changed."""
    findings = [one.as_json() for one in FINDINGS]
    return {"findings": [{**findings[0], **wrong}, *findings[1:]], "summary": counts(FINDINGS)}


def test_a_check_up_keeps_to_its_schema() -> None:
    """Every state fits, also after a round trip through JSON, and so does nothing at all."""
    assert {FindingState.OK, FindingState.WARN, FindingState.FAIL} == {one.state for one in FINDINGS}
    assert complaints("check.schema.json", json.loads(json.dumps(check_up()))) == []
    assert complaints("check.schema.json", {"findings": [], "summary": counts([])}) == []


def test_the_older_names_of_a_findings_texts_stay() -> None:
    """Whoever reads `said` and `mend` goes on reading what `message` and `fix` say."""
    made = [one.as_json() for one in FINDINGS]
    assert [(one["said"], one["mend"]) for one in made] == [(one["message"], one["fix"]) for one in made]
    assert (made[1]["fix"], made[1]["message"]) == ("upgrade", "9858")


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "error"},
        {"state": "fail"},
        {"message": ""},
        {"said": ""},
        {"said": None},
        {"system": ""},
        {"what": 1},
        {"task": "1"},
    ],
    ids=json.dumps,
)
def test_a_check_up_that_cannot_be_is_refused(wrong: Mapping[str, Any]) -> None:
    """Other states, missing texts, and a failure without the line that mends it."""
    assert complaints("check.schema.json", check_up(**wrong)) != []


@pytest.mark.parametrize("field", sorted(FINDINGS[0].as_json()))
def test_a_finding_without_a_field_is_refused(field: str) -> None:
    """All seven are always there."""
    value = check_up()
    del value["findings"][0][field]
    assert complaints("check.schema.json", value) != []


@pytest.mark.parametrize("wrong", [{"ok": -1}, {"fail": "0"}, {"bad": 1}])
def test_a_count_that_cannot_be_is_refused(wrong: Mapping[str, Any]) -> None:
    """Counts are counts of the three states."""
    value = check_up()
    assert complaints("check.schema.json", {**value, "summary": {**value["summary"], **wrong}}) != []
