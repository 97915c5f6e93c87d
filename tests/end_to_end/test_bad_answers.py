"""Every call to the outside meets every bad answer: how the task ends then, and that nothing unmeant is written."""

from typing import Any

import pytest
from fault_rules import assert_nothing_unmeant, fault
from pairing import each_once
from real_simulator import RealSimulator, SteppingClock
from worlds import APP, AUTOMATION, EXPIRED_CERT, EXPIRED_SECRET, TASK, certificate_parameters, document, world

Ending = tuple[str, str, int]

AWAY: Ending = ("failed", "open", 4)
KEY_REFUSED: Ending = ("failed", "untouched", 4)
NOT_OURS: Ending = ("not-ours", "untouched", 2)
HANDED_OVER: Ending = ("failed", "handed-off", 3)
CANNOT_TELL: Ending = ("cannot-tell", "open", 4)
NOT_REPORTED: Ending = ("removed", "open", 4)
DONE: Ending = ("removed", "closed", 0)

KINDS: dict[str, dict[str, Any]] = {
    **{kind: {"kind": kind} for kind in ("html", "garbage", "empty", "truncate", "reset")},
    **{kind: {"kind": kind} for kind in ("500", "502", "503", "504", "401", "403", "429")},
    "429 in seconds": {"kind": "429", "params": {"retry_after": 3}},
    "429 by date": {"kind": "429", "params": {"retry_after": "date:3"}},
    "429 for a day": {"kind": "429", "params": {"retry_after": 86400}},
    "503 page": {"kind": "503", "params": {"html": True}},
}
OF_READS = [kind for kind in KINDS if kind not in ("502", "504", "429 in seconds", "503 page")]
NEVER_APPLIED = [kind for kind in KINDS if kind != "truncate"]

SECRET = ("secret", EXPIRED_SECRET)
CERTIFICATE = ("certificate", EXPIRED_CERT)


def endings(default: Ending, **others: Ending) -> dict[str, Ending]:
    """How the task ends for each kind of answer; `others` name kinds, with _ for what starts with a figure."""
    return {kind: others.get(kind, others.get(f"_{kind}", default)) for kind in KINDS}


READS: dict[str, tuple[dict[str, Any], tuple[str, str], dict[str, Ending]]] = {
    "the task": (fault("ivanti", "task-query", ""), SECRET, endings(AWAY, empty=NOT_OURS, _401=KEY_REFUSED)),
    "the task, before the removal": (
        fault("ivanti", "task-query", "", after_first=1),
        SECRET,
        endings(AWAY, empty=("refused", "untouched", 4), _401=KEY_REFUSED),
    ),
    "the parameters": (fault("ivanti", "params-query", ""), SECRET, endings(AWAY, empty=NOT_OURS, _401=KEY_REFUSED)),
    "the automation's entry": (fault("passwordstate", "search", ""), SECRET, endings(AWAY)),
    "the automation's token": (fault("login", "token", "", object=AUTOMATION), SECRET, endings(AWAY)),
    "the application": (fault("graph", "batch", ""), SECRET, endings(AWAY)),
    "the certificate's entry": (fault("passwordstate", "search", "", object=APP), CERTIFICATE, endings(AWAY)),
    "the document": (
        fault("passwordstate", "document", ""),
        CERTIFICATE,
        endings(AWAY, garbage=HANDED_OVER, empty=HANDED_OVER),
    ),
    "the application's own token": (fault("login", "token", "", object=APP), CERTIFICATE, endings(AWAY)),
    "the reads that verify": (fault("graph", "read-application", ""), SECRET, endings(CANNOT_TELL)),
    "the note that was written": (fault("ivanti", "note-read", ""), SECRET, endings(NOT_REPORTED)),
    "the task that was closed": (fault("ivanti", "task-read", ""), SECRET, endings(NOT_REPORTED)),
}


async def meet(sim: RealSimulator, rule: dict[str, Any], kind: str, asked: tuple[str, str]) -> Ending:
    """Run the task against that bad answer, check what must always hold, and say how it ended."""
    if asked == CERTIFICATE:
        sim.reset(world(certificate_parameters()))
    first = rule.get("after_first", 0)
    bad = {name: value for name, value in rule.items() if name != "after_first"} | KINDS[kind]
    sim.faults(*([{**bad, "nth": number} for number in range(first + 1, first + 12)] if first else [bad]))
    result = await sim.run(TASK)
    assert_nothing_unmeant(sim, asked[1])
    assert result.outcome == "removed" or result.reason
    assert "\n" not in (result.reason or "")
    return result.outcome, result.ticket.value, result.exit_code


async def assert_converges(sim: RealSimulator, asked: tuple[str, str], ending: Ending) -> None:
    """When the bad weather is over, another run ends what was left; what was handed over is not ours any more."""
    sim.faults()
    again = await sim.run(TASK)
    handed_over = ending[1] == "handed-off"
    assert (NOT_OURS if handed_over else DONE) == (again.outcome, again.ticket.value, again.exit_code), again.reason
    assert_nothing_unmeant(sim, asked[1])
    assert len(sim.task(TASK)["notes"]) == 1
    assert sim.task(TASK)["minutes"] == 1


@pytest.mark.parametrize(("read", "kind"), each_once(READS, OF_READS))
async def test_a_read_that_only_gets_bad_answers(sim: RealSimulator, read: str, kind: str) -> None:
    """The ticket and the exit code are those of the table, nothing unmeant is written, and a later run ends it."""
    rule, asked, ends = READS[read]
    ending = await meet(sim, rule, kind, asked)
    assert ends[kind] == ending
    await assert_converges(sim, asked, ending)


WRITES: dict[str, tuple[dict[str, Any], tuple[str, str], dict[str, Ending]]] = {
    "removePassword": (
        fault("graph", "removePassword", ""),
        SECRET,
        endings(CANNOT_TELL, **dict.fromkeys(("html", "garbage", "empty", "reset"), HANDED_OVER))
        | dict.fromkeys(("500", "502", "504", "503 page", "403"), HANDED_OVER)
        | dict.fromkeys(("401", "429", "429 in seconds", "429 by date", "429 for a day"), AWAY),
    ),
    "removeKey": (
        fault("graph", "removeKey", ""),
        CERTIFICATE,
        endings(CANNOT_TELL, **dict.fromkeys(("html", "garbage", "empty", "reset"), HANDED_OVER))
        | dict.fromkeys(("500", "502", "504", "503 page", "403"), HANDED_OVER)
        | dict.fromkeys(("401", "429", "429 in seconds", "429 by date", "429 for a day"), AWAY),
    ),
    "the note": (fault("ivanti", "note-create", ""), SECRET, endings(NOT_REPORTED)),
    "the close": (fault("ivanti", "task-write", ""), SECRET, endings(NOT_REPORTED)),
}


@pytest.mark.parametrize(("write", "kind"), each_once(WRITES, NEVER_APPLIED))
async def test_a_write_that_is_never_applied(sim: RealSimulator, write: str, kind: str) -> None:
    """Nothing is called removed or closed that is not; a later run does it, or people have it."""
    rule, asked, ends = WRITES[write]
    ending = await meet(sim, rule, kind, asked)
    assert ends[kind] == ending
    assert (ending[0] == "removed") == bool(sim.removals())
    await assert_converges(sim, asked, ending)


APPLIED = ("html", "garbage", "empty", "truncate", "reset", "500", "502", "503", "504")
BAD_TEXT = dict.fromkeys(("html", "garbage", "empty"), NOT_REPORTED)
APPLIED_ENDINGS = {
    "removePassword": endings(DONE, _503=CANNOT_TELL),
    "removeKey": endings(DONE, _503=CANNOT_TELL),
    "the note": endings(DONE, **BAD_TEXT),
    "the close": endings(DONE),
}


@pytest.mark.parametrize(("write", "kind"), each_once(APPLIED_ENDINGS, APPLIED))
async def test_a_write_that_is_applied_and_answered_badly(sim: RealSimulator, write: str, kind: str) -> None:
    """What was done is found by looking, and never done twice."""
    rule, asked, _ = WRITES[write]
    ending = await meet(sim, {**rule, "when": "after"}, kind, asked)
    assert APPLIED_ENDINGS[write][kind] == ending
    assert [one["key_id"] for one in sim.removals()] == [asked[1]]
    await assert_converges(sim, asked, ending)


SQL: dict[str, tuple[dict[str, Any], Ending, str]] = {
    "log-in refused": (fault("sql", "login", "18456"), AWAY, "refuses the log-in"),
    "database down": (fault("sql", "login", "down"), AWAY, "cannot be reached"),
    "connection reset at log-in": (fault("sql", "login", "reset"), AWAY, "cannot be reached"),
    "view missing": (fault("sql", "query", "208"), AWAY, "refuses the query"),
    "deadlock": (fault("sql", "query", "409"), AWAY, "database"),
    "answer cut short": (fault("sql", "query", "truncate"), AWAY, "database"),
    "down under way": (fault("sql", "query", "down"), AWAY, "database"),
    "no rows": (fault("sql", "query", "rows", params={"n": 0}), HANDED_OVER, "no PFX document"),
    "fifty rows": (fault("sql", "query", "rows", params={"n": 50}), HANDED_OVER, "at most 10"),
}


@pytest.mark.parametrize("scenario", SQL)
async def test_a_database_that_answers_badly(sim: RealSimulator, scenario: str) -> None:
    """Trouble of the database leaves the task open; no document at all is for people; no key is ever removed."""
    rule, wanted, message = SQL[scenario]
    sim.reset(world(certificate_parameters()))
    sim.faults(rule)
    result = await sim.run(TASK)
    ending = (result.outcome, result.ticket.value, result.exit_code)
    assert wanted == ending, result.reason
    assert message in (result.reason or "")
    assert sim.removals() == []
    await assert_converges(sim, CERTIFICATE, ending)


WITHOUT_A_DOCUMENT = fault("sql", "query", "rows", params={"n": 2})
"""Beside the real document the database names one that the vault does not give."""


async def test_a_row_without_a_document_is_in_the_way_where_nothing_else_signs(sim: RealSimulator) -> None:
    """The missing one might be the signer, so the task is left open."""
    sim.reset(world(certificate_parameters(), documents=[document(501, "stranger")]))
    sim.faults(WITHOUT_A_DOCUMENT)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == AWAY
    assert "999001" in (result.reason or "")
    assert sim.removals() == []


async def test_a_row_without_a_document_is_in_nobodys_way_where_another_signs(sim: RealSimulator) -> None:
    """The certificate that can be read is enough."""
    sim.reset(world(certificate_parameters()))
    sim.faults(WITHOUT_A_DOCUMENT)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == DONE
    assert_nothing_unmeant(sim, EXPIRED_CERT)


ONCE = {
    "the task": ("ivanti", "task-query"),
    "the parameters": ("ivanti", "params-query"),
    "the entry": ("passwordstate", "search"),
    "the document": ("passwordstate", "document"),
    "a token": ("login", "token"),
    "the application": ("graph", "batch"),
    "a part of the batch": ("graph", "batch:read-application"),
    "a read that verifies": ("graph", "read-application"),
    "the note": ("ivanti", "note-create"),
    "the note again": ("ivanti", "note-read"),
    "the close": ("ivanti", "task-write"),
    "the task again": ("ivanti", "task-read"),
}


@pytest.mark.parametrize(("call", "kind"), each_once(ONCE, ["reset", "503", "429 by date"]))
async def test_one_bad_answer_is_ridden_out(sim: RealSimulator, call: str, kind: str) -> None:
    """A single hiccup of any call does not keep a certificate from being removed and its task from being closed."""
    sim.reset(world(certificate_parameters()))
    system, route = ONCE[call]
    sim.faults(fault(system, route, "", times=1) | KINDS[kind])
    result = await sim.run(TASK, SteppingClock(sim))
    assert (result.outcome, result.ticket.value, result.exit_code) == DONE, result.reason
    assert_nothing_unmeant(sim, EXPIRED_CERT)
    assert any(entry["fault"] for entry in sim.journal()) or route.startswith("batch:")
