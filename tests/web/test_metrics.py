"""What `/metrics` says after real runs, held against the simulator's journal; and that the page lists it all."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fault_rules import fault
from prometheus_client.parser import text_string_to_metric_families as families
from real_simulator import QuickClock, RealSimulator
from web_support import OPERATOR, Served, served
from worlds import AUTOMATION, CANARIES, REF, TASK, certificate_parameters, parameters, world

from spentkey.bootstrap.service import watch_own_credentials
from spentkey.core.errors import Misconfigured
from spentkey.core.outcome import Result, TicketState
from spentkey.observe.metrics import Metrics
from spentkey.observe.observer import Called

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
ROUTES = {
    "task-query": ("Ivanti", "GET /api/odata/businessobject/Task__Assignments"),
    "params-query": ("Ivanti", "GET /api/odata/businessobject/ServiceReqParams"),
    "note-query": ("Ivanti", "GET /api/odata/businessobject/Journal__Notess"),
    "note-create": ("Ivanti", "POST /api/odata/businessobject/Journal__Notess"),
    "note-read": ("Ivanti", "GET /api/odata/businessobject/Journal__Notess('{id}')"),
    "task-write": ("Ivanti", "PATCH /api/odata/businessobject/Task__Assignments('{id}')"),
    "task-read": ("Ivanti", "GET /api/odata/businessobject/Task__Assignments('{id}')"),
    "search": ("Passwordstate", "GET /api/searchpasswords/{id}"),
    "document": ("Passwordstate", "GET /api/document/password/{id}"),
    "token": ("Microsoft sign-in", "POST /{tenant}/oauth2/v2.0/token"),
    "batch": ("Microsoft Graph", "POST /v1.0/$batch"),
    "removeKey": ("Microsoft Graph", "POST /v1.0/applications/{id}/removeKey"),
    "removePassword": ("Microsoft Graph", "POST /v1.0/applications/{id}/removePassword"),
    "read-application": ("Microsoft Graph", "GET /v1.0/applications/{id}"),
    "query": ("Passwordstate database", "query"),
}
"""The simulator's names of routes, and ours."""
Labels = dict[str, str]


def samples(text: str, name: str) -> list[tuple[Labels, float]]:
    """Every sample of that name."""
    found = [sample for family in families(text) for sample in family.samples]
    return [(sample.labels, sample.value) for sample in found if sample.name == name]


def value(text: str, name: str, **labels: str) -> float | None:
    """The value of one sample, or None."""
    return next((number for found, number in samples(text, name) if found == labels), None)


def calls(text: str) -> Counter[tuple[str, str, str]]:
    """System, route and status of every outside call."""
    counted = samples(text, "spentkey_outside_calls_total")
    return Counter({(one["system"], one["route"], one["status"]): int(number) for one, number in counted})


def journal(sim: RealSimulator) -> Counter[tuple[str, str, str]]:
    """The same, as the simulator saw it."""
    seen = [entry for entry in sim.journal() if (entry["system"], entry["route"]) != ("sql", "login")]
    status = {"sql": {200: "ok"}}
    return Counter(
        (*ROUTES[one["route"]], status.get(one["system"], {}).get(one["status"], str(one["status"]))) for one in seen
    )


TROUBLE = [
    [],
    [fault("graph", "batch", "429", nth=1), fault("graph", "read-application", "429", nth=2)],
    [fault("ivanti", "task-query", "503", nth=2), fault("ivanti", "note-create", "500", nth=1)],
    [fault("login", "token", "503", nth=1), fault("passwordstate", "search", "500", nth=1)],
    [fault("graph", "removeKey", "409", nth=1), fault("ivanti", "task-write", "429", nth=1)],
]


@pytest.mark.parametrize("rules", TROUBLE, ids=lambda rules: "-".join(one["kind"] for one in rules) or "calm")
async def test_every_outside_call_is_counted(sim: RealSimulator, tmp_path: Path, rules: list[Labels]) -> None:
    """By system, route and status as the journal of the simulator has them, each try by itself."""
    sim.reset(world(certificate_parameters()))
    sim.faults(*rules)
    async with served(sim, tmp_path) as one:
        result = await one.work(TASK)
        text = one.service.metrics.text().decode()
    assert result.ticket.value == "closed"
    assert calls(text) == journal(sim)
    throttled = sum(entry["status"] == 429 for entry in sim.journal())
    assert sum(number for _, number in samples(text, "spentkey_throttled_total")) == throttled
    timed = samples(text, "spentkey_outside_call_seconds_count")
    assert sum(number for _, number in timed) == sum(calls(text).values())


async def test_a_part_of_a_batch_that_was_throttled_counts(sim: RealSimulator, tmp_path: Path) -> None:
    """The batch itself has the status 200."""
    sim.faults(fault("graph", "batch:read-application", "429", nth=1))
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        assert value(one.service.metrics.text().decode(), "spentkey_throttled_total", system="Microsoft Graph") == 1


async def test_outcomes_are_counted(sim: RealSimulator, tmp_path: Path) -> None:
    """By outcome, guard and ticket."""
    sim.reset(world(parameters(SecretType="Password")))
    async with served(sim, tmp_path) as one:
        for number in (TASK, 777):
            await one.work(number)
        text = (await one.get("/metrics")).text
    counted = {
        (one["outcome"], one["guard"], one["ticket"]): number
        for one, number in samples(text, "spentkey_outcomes_total")
    }
    assert counted == {("refused", "G1", "handed-off"): 1, ("not-ours", "", "untouched"): 1}


async def test_steps_are_timed(sim: RealSimulator, tmp_path: Path) -> None:
    """Each step that was begun, once; verification takes as long as its pauses."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        text = one.service.metrics.text().decode()
    steps = {labels["step"]: number for labels, number in samples(text, "spentkey_step_seconds_count")}
    assert set(steps) == {"ticket", "ask", "see", "judge", "plan", "remove", "verify", "report"}
    taken = value(text, "spentkey_step_seconds_sum", step="verify")
    assert taken is not None
    assert taken >= 10


HINT = CANARIES["automation secret"][:3]
"""What Graph shows of the secret that the automation signs in with."""


async def own(one: Served) -> Labels:
    """How many days the automation's own secrets live, by tenant, after one round."""

    class Once(QuickClock):
        async def sleep(self, seconds: float) -> None:
            raise InterruptedError(seconds)

    context = one.service.context
    with pytest.raises(InterruptedError):
        await watch_own_credentials(context, Once(), one.service.metrics.days_left)
    found = samples((await one.get("/metrics")).text, "spentkey_credential_days_left")
    return {labels["tenant"]: f"{days:.0f}" for labels, days in found}


async def test_own_credentials_days_are_told_where_they_are_known(sim: RealSimulator, tmp_path: Path) -> None:
    """The soonest live secret counts; a tenant that shows none has no figure, and one that goes away loses it."""
    mine = {
        "app_id": AUTOMATION,
        "object_id": "1c1c1c1c-1111-4111-8111-111111111111",
        "display_name": "Automation",
        "passwords": [
            {"key_id": "77777777-7777-4777-8777-111111111111", "hint": HINT, "end": "-3d"},
            {"key_id": "77777777-7777-4777-8777-222222222222", "hint": HINT, "end": "+40d"},
            {"key_id": "77777777-7777-4777-8777-333333333333", "hint": HINT, "end": "+400d"},
        ],
        "certificates": [],
    }
    made = world()
    made["tenants"][0]["applications"].append(mine)
    sim.reset(made)
    async with served(sim, tmp_path) as one:
        assert await own(one) == {"production": "40"}
        sim.faults(fault("graph", "batch", "503"))
        assert await own(one) == {}


async def test_a_stop_and_a_missing_system_show(sim: RealSimulator, tmp_path: Path) -> None:
    """As 1 and 0, for an alert."""
    async with served(sim, tmp_path) as one:
        before = (await one.get("/metrics")).text
        await one.ask("POST", "/api/v1/pause", OPERATOR, json={"why": "x"})
        sim.faults(fault("ivanti", "task-query", "503"))
        one.clock.slept += 31
        after = (await one.get("/metrics")).text
    assert [value(text, "spentkey_stopped") for text in (before, after)] == [0, 1]
    pauses = [value(text, "spentkey_stops", scope="everything", kind="paused") for text in (before, after)]
    assert pauses == [0, 1]
    assert [value(text, "spentkey_system_ready", system="ivanti") for text in (before, after)] == [1, 0]


async def test_stops_are_counted_by_what_they_stop(sim: RealSimulator, tmp_path: Path) -> None:
    """A lost survivor stops an application and a route; no label names either."""
    lost: dict[str, Any] = {"task": 1, "tenant": "production", "route": "removeKey", "app_id": "a", "lost": []}
    async with served(sim, tmp_path) as one:
        await one.service.context.evidence.append("survivor-lost", lost)
        text = (await one.get("/metrics")).text
    counted = {(one["scope"], one["kind"]): n for one, n in samples(text, "spentkey_stops") if n}
    assert counted == {("application", "survivor-lost"): 1, ("route", "survivor-lost"): 1}
    assert value(text, "spentkey_stopped") == 1


async def test_requests_are_counted_by_route_without_ids(sim: RealSimulator, tmp_path: Path) -> None:
    """Whatever is asked for, there are as many routes as the API has, and one for all others."""
    async with served(sim, tmp_path) as one:
        for path in (f"/api/v1/tasks/{TASK}", "/api/v1/tasks/777", "/nowhere", "/%00", "/healthz"):
            await one.get(path)
        await one.ask("BREW", "/healthz")
        text = (await one.get("/metrics")).text
    counted = {
        (one["method"], one["route"], one["status"]): n for one, n in samples(text, "spentkey_http_requests_total")
    }
    assert counted == {
        ("GET", "/api/v1/tasks/{task}", "404"): 2,
        ("GET", "unknown", "404"): 2,
        ("GET", "/healthz", "200"): 1,
        ("other", "/healthz", "405"): 1,
    }


async def test_no_label_holds_an_id_or_a_secret(sim: RealSimulator, tmp_path: Path) -> None:
    """Neither key ids nor task numbers, names or canaries."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        text = (await one.get("/metrics")).text
    assert re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}|40021|Sales|canary", text) == []
    assert [name for name, secret in CANARIES.items() if secret in text] == []


def everything() -> Metrics:
    """A registry in which each metric has a sample."""
    metrics = Metrics(QuickClock())
    metrics.called(Called("Ivanti", "GET /", "200", 0.1, None))
    metrics.throttled("Ivanti")
    metrics.left_out("Ivanti", "task", "x")
    metrics.stepped(REF, "see", "")
    metrics.stepped(REF, "judge", "")
    metrics.ended(Result("1", "removed", TicketState.CLOSED))
    metrics.crashed(REF, ValueError())
    metrics.crashed(REF, Misconfigured("x"))
    metrics.requested("GET", "/", 200)
    metrics.turned_away("total")
    metrics.notified("stop", "sent", "")
    metrics.queue(["queued"])
    metrics.stopped([])
    metrics.ready({"ivanti": True})
    metrics.days_left("production", "secret", 3)
    metrics.scanned("production", {"removable": (1, 40, 400)}, 2)
    metrics.request_opened("production", "opened")
    return metrics


def described() -> dict[str, tuple[str, str]]:
    """Type and labels of each metric of ours, by the name that Prometheus uses."""
    found: dict[str, tuple[str, str]] = {}
    for family in families(everything().text().decode()):
        if family.name.startswith("spentkey_"):
            labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = (family.type, " ".join(f"`{label}`" for label in labels) or "–")
    return found


def test_the_page_lists_every_metric() -> None:
    """With its type and its labels, and none that does not exist."""
    rows = re.findall(r"^\| `(spentkey_\w+)` \| (\w+) \| ([^|]+?) \|", PAGE.read_text("utf-8"), re.M)
    assert {name: (kind, labels) for name, kind, labels in rows} == described()


@pytest.mark.parametrize("name", sorted(described()))
def test_names_keep_to_the_conventions(name: str) -> None:
    """Counters end in total, times are in seconds, and the project's name stands first."""
    kind = described()[name][0]
    assert re.fullmatch(r"spentkey_[a-z_]+", name)
    assert name.endswith("_total") == (kind == "counter")
    assert name.endswith("_seconds") == (kind == "histogram")


def test_a_bug_is_an_outcome_of_its_own() -> None:
    """So that an alert sees it; its text goes nowhere."""
    text = everything().text().decode()
    for outcome in ("bug", "misconfigured"):
        assert value(text, "spentkey_outcomes_total", outcome=outcome, guard="", ticket="open") == 1
    assert "ValueError" not in json.dumps(text)


def test_a_complete_scan_tells_what_has_lapsed_by_its_age() -> None:
    """Each age counts what is older too; a class that has nothing left is told as 0."""
    metrics = Metrics(QuickClock())
    metrics.scanned("production", {"removable": (1, 40, 400), "protected": (95,)}, 0)
    metrics.scanned("production", {"removable": (31,)}, 3)
    text = metrics.text().decode()
    ages = {
        age: value(text, "spentkey_lapsed", tenant="production", age=age, **{"class": "removable"})
        for age in ("0", "30", "90")
    }
    assert ages == {"0": 1, "30": 1, "90": 0}
    assert value(text, "spentkey_lapsed", tenant="production", age="0", **{"class": "protected"}) == 0
    assert value(text, "spentkey_scan_pages_retried_total", tenant="production") == 3


def test_a_scan_that_is_not_complete_tells_nothing_of_the_backlog() -> None:
    """The figures of the last complete one stay, and so does its time."""
    metrics = Metrics(QuickClock())
    metrics.scanned("production", {"removable": (1,)}, 0)
    before = value(metrics.text().decode(), "spentkey_scan_complete_time", tenant="production")
    metrics.scanned("production", None, 9)
    text = metrics.text().decode()
    assert value(text, "spentkey_lapsed", tenant="production", age="0", **{"class": "removable"}) == 1
    assert value(text, "spentkey_scan_complete_time", tenant="production") == before
    assert value(text, "spentkey_scans_total", tenant="production", complete="no") == 1
