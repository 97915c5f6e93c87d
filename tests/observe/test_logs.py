"""Log lines: JSON that parses, ids where they belong, and nothing that must not be seen, even at DEBUG."""

import asyncio
import io
import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands import REFERENCE
from fault_rules import fault
from real_simulator import QuickClock, RealSimulator
from worlds import CANARIES, REF, TASK, certificate_parameters, world

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.service import observed
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.core.task import TaskRef
from spentkey.observe.logs import HIDDEN, Logged, logger, logging_to
from spentkey.observe.observer import Observers
from spentkey.story import work_on
from spentkey.system import SystemIds

SAID = f"AADSTS7000215: Invalid client secret {CANARIES['automation secret']} provided. {CANARIES['pfx password']}"
ECHO = {"body": {"error": "invalid_client", "error_description": SAID, "error_codes": [7000215]}}
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


class Stream(io.StringIO):
    """What was logged."""

    def lines(self) -> list[dict[str, Any]]:
        """Every line as the object that it must be."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextmanager
def logged(level: str = "debug", *, as_json: bool = True) -> Generator[Stream]:
    """Log into a stream."""
    stream = Stream()
    with logging_to(stream, as_json=as_json, level=level, clock=QuickClock()):
        yield stream


async def run(sim: RealSimulator, number: int = TASK) -> list[dict[str, Any]]:
    """One task as the service works on it, and what was logged."""
    with logged() as stream:
        clock = QuickClock()
        observer = Observers((Logged(),), clock)
        async with context_for(sim.settings(), observer, use_proxies=False, clock=clock, meter=observer) as context:
            await observed(observer)(work_on, TaskRef(str(number)), context, SystemIds().new())
    assert not [name for name, secret in CANARIES.items() if secret in stream.getvalue()]
    assert not [mark for mark in ("eyJ", "Bearer ", "rest_api_key=", "BEGIN ") if mark in stream.getvalue()]
    return stream.lines()


async def test_each_line_of_a_task_has_its_ids(sim: RealSimulator) -> None:
    """Time, level, event, task and attempt, the same attempt as in the evidence; steps in their order."""
    sim.reset(world(certificate_parameters()))
    lines = await run(sim)
    (attempt,) = {line["attempt"] for line in lines}
    assert {record["attempt"] for record in sim.evidence()} == {attempt}
    assert all({"time", "level", "event"} <= set(line) and int(line["task"]) == TASK for line in lines)
    steps = [line["step"] for line in lines if line["event"] == "step"]
    assert steps == ["ticket", "ask", "see", "judge", "plan", "remove", *["verify"] * 3, "report", "closed"]


async def test_outside_calls_carry_the_id_that_finds_them_at_microsoft(sim: RealSimulator) -> None:
    """The client-request-ids are those that the simulator saw, and the intent's is among them."""
    lines = await run(sim)
    told = [line["client_request_id"] for line in lines if "client_request_id" in line]
    assert told == [entry["client_request_id"] for entry in sim.journal() if entry["system"] == "graph"]
    (intent,) = [record["client_request_id"] for record in sim.evidence() if record["what"] == "intent"]
    assert intent in told


async def test_the_result_is_the_object_of_the_contract(sim: RealSimulator) -> None:
    """With all its fields, in the last line."""
    *_, last = await run(sim)
    wanted = json.loads((REFERENCE / "result.schema.json").read_text())["required"]
    assert (last["event"], last["outcome"], set(wanted) - set(last)) == ("result", "removed", set())


LEAKS = [
    fault("login", "token", "401", params=ECHO),
    fault("graph", "removeKey", "401", params=ECHO),
    fault("ivanti", "task-query", "401", params=ECHO),
    fault("ivanti", "note-create", "500", params=ECHO),
    fault("passwordstate", "search", "401", params=ECHO),
    fault("sql", "login", "18456"),
    fault("graph", "batch", "garbage"),
    fault("graph", "removeKey", "hang", "after", params={"seconds": 0.1}),
]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: f"{leak['route']} {leak['kind']}")
async def test_what_a_server_says_is_not_logged(sim: RealSimulator, leak: dict[str, Any]) -> None:
    """At DEBUG, with servers that repeat secrets: every line parses, none holds a canary, and trouble is a warning."""
    sim.reset(world(certificate_parameters()))
    sim.faults(leak)
    lines = await run(sim)
    if leak["kind"] not in ("hang", "garbage"):
        assert "warning" in {line["level"] for line in lines if line["event"] == "outside call"}


REDACTED: dict[str, tuple[Any, Any]] = {
    "a number": (4, 4),
    "a time": (datetime(2026, 11, 25, tzinfo=UTC), "2026-11-25T00:00:00+00:00"),
    "a list": ([1, "a", None], [1, "a", None]),
    "a line feed": ("a\nb", "ab"),
    "an endless text": ("x" * 600, "x" * 499 + "…"),
    "bytes": (b"canary", "<bytes>"),
    "an exception": (ValueError("canary"), "<ValueError>"),
    "an object": (Stream(), "<Stream>"),
    "a function": (run, "<function>"),
    "an object in a list": ([{"a": object()}], [{"a": "<object>"}]),
    "a secret in a list": (["a", Secret("canary")], ["a"]),
    "a secret in a table": ({"a": Secret("canary"), "b": 1}, {"b": 1}),
    "a password in a table": ({"Password": "canary", "key_id": "5"}, {"Password": HIDDEN, "key_id": "5"}),
    "a token in a text": (f"got {TOKEN} back", f"got {HIDDEN} back"),
    "a header in a text": ("Authorization: Bearer canary-123456", f"Authorization: {HIDDEN}"),
}


@pytest.mark.parametrize("scenario", REDACTED)
def test_only_plain_data_passes(scenario: str) -> None:
    """Whatever somebody hands to the log by mistake."""
    given, shown = REDACTED[scenario]
    with logged() as stream:
        logger().info("something", value=given)
    (line,) = stream.lines()
    assert line["value"] == shown
    assert "canary" not in stream.getvalue()


@pytest.mark.parametrize("name", ["password", "client_secret", "api_key", "apikey", "Authorization", "token", "proof"])
def test_names_of_secrets_hide_their_values(name: str) -> None:
    """Even where the value is a plain text; a `Secret` does not leave its name behind."""
    with logged() as stream:
        logger().info("something", **{name: "canary"})
        logger().info("something", other=Secret("canary"))
    named, dropped = stream.lines()
    assert (named[name], "other" in dropped, "canary" in stream.getvalue()) == (HIDDEN, False, False)


@pytest.mark.parametrize("package", ["azure.identity", "aiohttp.client", "uvicorn.error", "procrastinate", "asyncio"])
def test_other_libraries_lose_their_arguments(package: str) -> None:
    """Their warnings come through the same gate, as the template alone; what is below a warning does not come."""
    with logged() as stream:
        logging.getLogger(package).info("quiet %s", "canary")
        logging.getLogger(package).warning("failed: %s\nmore: canary", "canary")
        try:
            raise ValueError("canary")
        except ValueError:
            logging.getLogger(package).exception("broke")
    warned, broke = stream.lines()
    assert (warned["level"], warned["event"], warned["logger"]) == ("warning", "failed: %s", package)
    assert broke["event"].startswith("broke (ValueError at test_logs.py:")
    assert "canary" not in stream.getvalue()


def test_our_own_records_keep_theirs() -> None:
    """What the engine says names the task; a token in it is masked all the same."""
    with logged() as stream:
        logging.getLogger("spentkey.worker.local").warning("task %d is left open: %s", 7, "Bearer canary-canary")
    (line,) = stream.lines()
    assert line["event"] == f"task 7 is left open: {HIDDEN}"


async def test_a_bug_is_logged_by_its_kind_and_place(sim: RealSimulator) -> None:
    """Not by its text, unless it is one of our own errors."""
    with logged() as stream:
        observer = Observers((Logged(),), QuickClock())
        async with context_for(sim.settings(), observer, use_proxies=False) as context:
            for problem in (ZeroDivisionError("canary"), Misconfigured("ivanti.fields: no such field")):
                observer.crashed(REF, problem)
            broken = replace(context, desk=None)  # pyright: ignore[reportArgumentType]  # a bug
            with pytest.raises(AttributeError):
                await observed(observer)(work_on, REF, broken, SystemIds().new())
    bug, known, real = [line for line in stream.lines() if line["event"] in ("bug", "misconfigured")]
    assert (bug["kind"], "said" in bug, known["said"]) == ("ZeroDivisionError", False, "ivanti.fields: no such field")
    assert (real["kind"], "ticket.py" in real["where"], "canary" in stream.getvalue()) == (
        "AttributeError",
        True,
        False,
    )


@pytest.mark.parametrize(("level", "events"), [("debug", 3), ("info", 2), ("warning", 1)])
def test_levels_hold_back_what_is_below_them(level: str, events: int) -> None:
    """Of ours; of other libraries always what is below a warning."""
    with logged(level) as stream:
        for say in (logger().debug, logger().info, logger().warning):
            say("x")
        logging.getLogger("other").info("x")
    assert len(stream.lines()) == events


def test_a_terminal_gets_lines_for_people() -> None:
    """The same facts, not as JSON; control characters do not reach it."""
    with logged(as_json=False) as stream:
        logger().info("step", task=5, detail="a\x1b[31mb")
    assert "task=5" in stream.getvalue()
    assert ("\x1b[31mb" in stream.getvalue(), stream.getvalue()[0] == "{") == (False, False)


async def test_tasks_at_the_same_time_keep_their_ids_apart() -> None:
    """Each line carries the ids of its own task."""
    with logged() as stream:
        observer = Observers((Logged(),), QuickClock())

        async def one(task: TaskRef) -> None:
            with observer.working(task, f"attempt-{task}"):
                for _ in range(3):
                    await asyncio.wait([asyncio.ensure_future(asyncio.sleep(0))])  # noqa: TID251
                    logger().info("x")

        await asyncio.gather(*(one(TaskRef(str(task))) for task in range(5)))
    assert {f"attempt-{line['task']}" == line["attempt"] for line in stream.lines()} == {True}
    assert len(stream.lines()) == 15


def test_afterwards_all_is_as_before(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Logging belongs to the command that asked for it."""
    before = (logging.getLogger().handlers[:], logging.getLogger().level)
    with logged():
        pass
    assert (logging.getLogger().handlers, logging.getLogger().level) == before
    assert capsys.readouterr().err == ""
