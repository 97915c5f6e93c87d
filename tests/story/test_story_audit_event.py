"""The story on real parts: the directory's audit log as further proof, which may confirm and never refutes."""

from typing import Any

import pytest
from fault_rules import fault
from real_simulator import RealSimulator
from worlds import EXPIRED_SECRET, TASK, certificate_parameters, sales, without, world

ROLES = ["Application.ReadWrite.All", "AuditLog.Read.All", "Directory.Read.All"]
LOST = fault("graph", "removePassword", "reset", "after", nth=1)


def watched(asked: list[list[Any]] | None = None, delay: float = 0, **application: Any) -> dict[str, Any]:
    """A world whose tenant shows its audit log to the automation, so many seconds after each change."""
    made = world(asked, application=application or None)
    made["tenants"][0]["clients"][0]["roles"] = ROLES
    made["entra"] = {"audit_delay_s": delay}
    return made


def audit_event(sim: RealSimulator) -> tuple[str, str]:
    """What the one record of the witness says, and the line of the closing note about it."""
    (record,) = [record for record in sim.evidence() if record["what"] == "witness"]
    (line,) = [line for line in sim.task(TASK)["notes"][0]["body"].splitlines() if "audit log" in line]
    return record["shows"], line


async def test_our_own_event_stands_beside_graphs_answer(sim: RealSimulator) -> None:
    """Where the log is quick, both say the same."""
    sim.reset(watched())
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution) == ("removed", "confirmed")
    assert audit_event(sim) == ("ours", "The directory's audit log shows this removal by Spentkey.")


async def test_our_own_event_confirms_a_removal_whose_reply_was_lost(sim: RealSimulator) -> None:
    """Without it, the removal would only be presumed to be ours."""
    sim.reset(watched())
    sim.faults(LOST)
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution, audit_event(sim)[0]) == ("removed", "confirmed", "ours")


async def test_a_certificates_event_is_initiated_by_the_application_itself(sim: RealSimulator) -> None:
    """`removeKey` is called with the application's own token, and the log says so."""
    sim.reset(watched(certificate_parameters()))
    sim.faults(fault("graph", "removeKey", "reset", "after", nth=1))
    result = await sim.run(TASK)
    assert (result.route, result.attribution, audit_event(sim)[0]) == ("removeKey", "confirmed", "ours")


async def test_an_event_that_comes_later_is_not_waited_for(sim: RealSimulator) -> None:
    """A quarter of an hour is usual; the reads have proven the removal already."""
    sim.reset(watched(delay=900))
    sim.faults(LOST)
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "presumed", "closed")
    assert audit_event(sim) == ("not-yet", "The directory's audit log does not show the removal yet.")


async def test_a_later_run_finds_the_event(sim: RealSimulator) -> None:
    """The close could not be written; when it is, the log shows whose removal it was."""
    sim.reset(watched(delay=200))
    sim.faults(LOST, fault("ivanti", "task-write", "503"))
    first = await sim.run(TASK)
    assert (first.attribution, first.ticket.value) == ("presumed", "open")
    sim.faults()
    sim.step_clock(250)
    second = await sim.run(TASK)
    assert (second.attribution, second.ticket.value) == ("confirmed", "closed")


async def test_without_the_permission_nothing_is_asked(sim: RealSimulator) -> None:
    """An honest `not available`, and no request for it."""
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution) == ("removed", "confirmed")
    assert audit_event(sim) == ("not-available", "The directory's audit log is not available.")
    assert [entry for entry in sim.journal() if "auditLogs" in entry["path"]] == []


@pytest.mark.parametrize("kind", ["403", "429", "500", "503", "reset", "html", "garbage", "truncate", "empty"])
async def test_a_log_that_answers_badly_changes_nothing(sim: RealSimulator, kind: str) -> None:
    """It is asked once, whatever it answers; the task is closed on the reads."""
    sim.reset(watched())
    sim.faults(fault("graph", "list-directory-audits", kind))
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "confirmed", "closed")
    assert audit_event(sim)[0] == "not-available"
    asked = [entry for entry in sim.journal() if "auditLogs" in entry["path"]]
    assert len(asked) == (2 if kind == "reset" else 1)  # aiohttp sends a read again when a kept connection breaks


async def test_what_was_gone_before_is_not_asked_about(sim: RealSimulator) -> None:
    """There was no removal of ours to find."""
    sim.reset(watched(**without(sales(), EXPIRED_SECRET)))
    assert (await sim.run(TASK)).outcome == "already-gone"
    assert [record for record in sim.evidence() if record["what"] == "witness"] == []
