"""The story on real parts: what a PATCH did besides is seen in the directory's audit log alone, so that is waited for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from commands import spentkey
from fault_rules import fault
from real_simulator import RealSimulator
from support_core import NOW, ManualClock
from test_story_in_pieces import asked, closes, removes
from test_story_patch import PATCH, WAITS, later, no_signer, shown
from worlds import APP, EXPIRED_CERT, EXPIRED_SECRET, LIVE_CERT, LIVE_SECRET, OBJECT, REQUEST, TASK, sales

from spentkey.core.task import TaskRef
from spentkey.storage.sqlite.evidence import SqliteEvidence

ADDED = "44444444-4444-4444-8444-555555555555"


def added(**more: Any) -> dict[str, Any]:
    """Somebody registers a certificate between the last read and the PATCH."""
    params = {"key_id": ADDED, "certificate": "stranger"}
    return fault("graph", "patch", "add-certificate", nth=1, params=params, **more)


def records(sim: RealSimulator, what: str) -> list[dict[str, Any]]:
    """The records of that kind."""
    return [one for one in sim.evidence() if one["what"] == what]


async def test_until_its_event_is_there_a_patch_is_no_removal(sim: RealSimulator) -> None:
    """The try ends open, tells until when it waits, and does not count."""
    sim.reset(no_signer())
    before = datetime.now(UTC)  # noqa: TID251
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.ticket.value, result.exit_code, result.guard) == ("cannot-tell", "open", 4, None)
    assert (result.reason or "").startswith(WAITS)
    until = datetime.fromisoformat((result.reason or "").removeprefix(WAITS))
    assert timedelta(hours=2) <= until - before + timedelta(seconds=1) <= timedelta(hours=2, minutes=1)
    assert result.outage
    assert result.not_before is not None
    assert timedelta(minutes=4) < result.not_before - before < timedelta(minutes=6)
    (waiting,) = records(sim, "awaiting-event")
    assert datetime.fromisoformat(waiting["until"]) == until
    assert (waiting["kept"], waiting["times"], waiting["route"]) == ([LIVE_CERT], 1, "patch")
    assert waiting["before"] != waiting["after"]
    (ended,) = records(sim, "result")
    assert (ended["outage"], ended["ticket"]) == (True, "open")
    assert sim.task(TASK)["notes"] == []


async def test_later_tries_only_ask_the_log(sim: RealSimulator) -> None:
    """No look at the application, no vault, no write; and however many they are, people are not called."""
    sim.reset(no_signer())
    await sim.run(TASK, None, **PATCH)
    seen = len(sim.journal())
    for _ in range(6):
        result = await sim.run(TASK, None, **PATCH, SPENTKEY_POLICY__MAX_ATTEMPTS="2")
        assert (result.outcome, result.ticket.value) == ("cannot-tell", "open")
    routes = {entry["route"] for entry in sim.journal()[seen:] if entry["system"] == "graph"}
    assert routes == {"list-directory-audits"}
    assert not {entry["route"] for entry in sim.journal()[seen:]} & {"task-write", "note-create", "patch"}
    assert len(records(sim, "awaiting-event")) == 1
    assert records(sim, "witness") == []


async def test_a_plan_says_that_it_waits(sim: RealSimulator) -> None:
    """It would leave the task open, and writes nothing."""
    sim.reset(no_signer())
    await sim.run(TASK, None, **PATCH)
    count = len(sim.evidence())
    planned = await sim.plan(TASK, **PATCH)
    assert (planned.action.value, (planned.result.reason or "").startswith(WAITS)) == ("leave", True)
    assert len(sim.evidence()) == count


async def test_the_event_of_exactly_this_removal_closes_the_task(sim: RealSimulator) -> None:
    """The note says so, and the record of the event stands for the next one."""
    sim.reset(no_signer())
    await sim.run(TASK, None, **PATCH)
    result = await later(sim, 20)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "confirmed", "closed")
    (event,) = records(sim, "witness")
    assert (event["shows"], event["route"]) == ("ours", "patch")
    assert "shows this removal by Spentkey" in sim.task(TASK)["notes"][0]["body"]


async def test_a_certificate_that_a_patch_drops_unseen_stops_everything(sim: RealSimulator) -> None:
    """Somebody added it after the last read: reads cannot show that it is gone, the event does."""
    sim.reset(no_signer())
    sim.faults(added())
    first = await sim.run(TASK, None, **PATCH)
    assert (first.outcome, first.ticket.value) == ("cannot-tell", "open")
    assert shown(sim) == {EXPIRED_SECRET, LIVE_SECRET, LIVE_CERT}
    result = await later(sim, 20)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert ADDED in (result.reason or "")
    (lost,) = records(sim, "survivor-lost")
    assert [(one["kind"], one["key_id"]) for one in lost["lost"]] == [("certificate", ADDED)]
    assert [one["shows"] for one in records(sim, "witness")] == ["more"]


async def test_a_certificate_that_a_patch_brings_back_stops_everything(sim: RealSimulator) -> None:
    """Somebody removed it after the last read, perhaps because it was stolen; every read shows it as it was."""
    sim.reset(no_signer())
    sim.faults(fault("graph", "patch", "drop-certificate", nth=1, params={"key_id": LIVE_CERT}))
    first = await sim.run(TASK, None, **PATCH)
    assert (first.outcome, first.ticket.value) == ("cannot-tell", "open")
    result = await later(sim, 20)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    (lost,) = records(sim, "survivor-lost")
    assert [one["key_id"] for one in lost["lost"]] == [LIVE_CERT]


async def test_an_event_that_never_comes_is_handed_over(sim: RealSimulator) -> None:
    """After two hours, with both lists' fingerprints, in the note and on record; nothing is called removed."""
    sim.reset(no_signer())
    sim.faults(fault("graph", "patch", "unlogged"), added())
    await sim.run(TASK, None, **PATCH)
    waits = await later(sim, 118)
    assert (waits.outcome, waits.ticket.value) == ("cannot-tell", "open")
    sim.step_clock(-118 * 60)
    result = await later(sim, 121)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("cannot-tell", "handed-off", 3)
    (waiting,), (record,) = records(sim, "awaiting-event"), records(sim, "handing-over")
    note = sim.task(TASK)["notes"][0]["body"]
    for text in (result.reason or "", record["said"], note):
        assert waiting["before"] in text
        assert waiting["after"] in text
    assert "could not establish that no other went with it" in note
    assert "close the task by hand" in note


@pytest.mark.parametrize("kind", ["403", "500", "html", "garbage"])
async def test_a_log_that_cannot_be_read_is_asked_again_until_then(sim: RealSimulator, kind: str) -> None:
    """It proves nothing either way."""
    sim.reset(no_signer())
    await sim.run(TASK, None, **PATCH)
    sim.faults(fault("graph", "list-directory-audits", kind))
    assert (await later(sim, 20)).ticket.value == "open"
    sim.step_clock(-20 * 60)
    result = await later(sim, 121)
    assert (result.outcome, result.ticket.value) == ("cannot-tell", "handed-off")


async def test_without_the_permission_the_fallback_is_not_taken(sim: RealSimulator) -> None:
    """Nobody would see what it drops; the note says what is missing, and the plan agrees."""
    made = no_signer()
    made["tenants"][0]["clients"][0]["roles"] = ["Application.ReadWrite.All"]
    sim.reset(made)
    planned = await sim.plan(TASK, **PATCH)
    assert (planned.action.value, planned.fallback_would_free) == ("hand-off", False)
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert "no valid signer" in (result.reason or "")
    assert "AuditLog.Read.All" in (result.reason or "")
    assert "AuditLog.Read.All" in sim.task(TASK)["notes"][0]["body"]
    assert "patch" not in sim.writes()


async def test_a_close_that_failed_needs_no_second_event(sim: RealSimulator) -> None:
    """The event is on record; the next try reads the application again and closes."""
    sim.reset(no_signer())
    await sim.run(TASK, None, **PATCH)
    sim.faults(fault("ivanti", "task-write", "503"))
    second = await later(sim, 20)
    assert (second.outcome, second.ticket.value) == ("removed", "open")
    sim.faults(fault("graph", "list-directory-audits", "403"))
    sim.step_clock(-20 * 60)
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "confirmed", "closed")


async def test_a_crash_before_the_wait_is_on_record_is_resumed_by_waiting(sim: RealSimulator) -> None:
    """The certificate is gone and the intent is ours: that alone closes nothing."""
    sim.reset(no_signer())
    sim.faults(*[fault("graph", "read-application", "503", nth=nth) for nth in range(5, 60)])
    first = await sim.run(TASK, None, **PATCH)
    assert (first.outcome, records(sim, "awaiting-event")) == ("cannot-tell", [])
    sim.faults()
    second = await sim.run(TASK, None, **PATCH)
    assert (second.outcome, (second.reason or "").startswith(WAITS)) == ("cannot-tell", True)
    assert (await later(sim, 20)).outcome == "removed"


async def test_a_second_task_for_the_same_certificate_waits_too(sim: RealSimulator) -> None:
    """What the first one wrote is not proven for the second one either."""
    made = no_signer()
    made["ivanti"]["requests"].append({**made["ivanti"]["requests"][0], "number": REQUEST + 1})
    made["ivanti"]["tasks"].append({"number": TASK + 1, "parent": REQUEST + 1})
    sim.reset(made)
    await sim.run(TASK, None, **PATCH)
    second = await sim.run(TASK + 1, None, **PATCH)
    assert (second.outcome, second.ticket.value) == ("cannot-tell", "open")
    assert (await later(sim, 20)).outcome == "removed"
    last = await sim.run(TASK + 1, None, **PATCH)
    assert (last.outcome, last.ticket.value) == ("removed", "closed")
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]
    assert {one["task"] for one in records(sim, "witness")} == {int(TaskRef(str(TASK))), TASK + 1}


async def test_a_secret_is_not_waited_for(sim: RealSimulator) -> None:
    """`removePassword` takes one key id and nothing else."""
    made = no_signer()
    made["ivanti"]["requests"][0]["parameters"] = [
        [name, {"SecretID": EXPIRED_SECRET, "SecretType": "Secret"}.get(name, value)]
        for name, value in made["ivanti"]["requests"][0]["parameters"]
    ]
    sim.reset(made)
    assert (await sim.run(TASK, None, **PATCH)).outcome == "removed"


async def test_a_removal_without_a_task_waits_too_and_its_rerun_asks_the_log(sim: RealSimulator) -> None:
    """A playbook that removes by itself is told to come again; it writes the list once."""
    made = no_signer()
    sim.reset({**made, "entra": {"audit_delay_s": 0}})
    wanted = asked(task=None, SecretID=EXPIRED_CERT, SecretType="Certificaat")
    first = await removes(sim, wanted, **PATCH)
    assert (first.outcome, first.ticket.value, first.exit_code) == ("cannot-tell", "open", 4)
    assert (first.reason or "").startswith(WAITS)
    (ended,) = records(sim, "step-result")
    assert ended["outage"]
    second = await removes(sim, wanted, **PATCH)
    assert (second.outcome, second.attribution, second.exit_code) == ("removed", "confirmed", 0)
    third = await removes(sim, wanted, **PATCH)
    assert (third.outcome, third.attribution) == ("removed", "confirmed")
    assert sim.writes() == ["patch"]


async def test_a_playbook_closes_nothing_before_the_event(sim: RealSimulator) -> None:
    """The proof that a close needs is the removal, and that is not proven yet."""
    sim.reset({**no_signer(), "entra": {"audit_delay_s": 0}})
    wanted = asked(SecretID=EXPIRED_CERT, SecretType="Certificaat")
    assert (await removes(sim, wanted, **PATCH)).ticket.value == "open"
    assert (await closes(sim)).result.ticket.value == "open"
    assert sim.task(TASK)["status"] == "Logged"
    assert (await removes(sim, wanted, **PATCH)).outcome == "removed"
    assert (await closes(sim)).result.ticket.value == "closed"


async def test_a_list_that_was_written_twice_is_judged_when_both_events_are_there(sim: RealSimulator) -> None:
    """The first writing took effect late or not at all: half an hour after the last one both are listed."""
    sim.reset({**no_signer(), "entra": {"audit_delay_s": 0}})
    sim.faults(fault("graph", "patch", "reset", "before", nth=1))
    assert (await sim.run(TASK, None, **PATCH)).outcome == "cannot-tell"
    assert records(sim, "awaiting-event")[0]["times"] == 2
    assert (await later(sim, 20)).outcome == "cannot-tell"
    sim.step_clock(-20 * 60)
    assert (await later(sim, 31)).outcome == "removed"


async def test_a_stop_that_was_looked_into_is_not_made_again(sim: RealSimulator) -> None:
    """People resumed and gave the task back: it asks the log again, and is handed over without another stop."""
    sim.reset(no_signer())
    sim.faults(added())
    await sim.run(TASK, None, **PATCH)
    assert (await later(sim, 20)).ticket.value == "handed-off"
    home = sim.config.parent
    assert spentkey("resume", "--config", str(sim.config), "--why", "looked into", home=home).code == 0
    back = {"OwnerTeam": "Spentkey", "Status": "Logged"}
    sim.faults(fault("ivanti", "task-query", "edit-task", nth=1, params={"task": str(TASK), "fields": back}))
    again = await later(sim, 1)
    assert (again.outcome, again.ticket.value) == ("failed", "handed-off")
    assert (len(records(sim, "survivor-lost")), len(records(sim, "witness"))) == (1, 1)


async def test_what_an_older_version_wrote_long_ago_needs_no_event(sim: RealSimulator) -> None:
    """It asked for none, and the log forgets after a week or a month."""
    sim.reset(no_signer(certificates=[one for one in sales()["certificates"] if one["key_id"] != EXPIRED_CERT]))
    old: dict[str, Any] = {
        "task": TASK,
        "tenant": "production",
        "app_id": APP,
        "key_id": EXPIRED_CERT,
        "route": "patch",
        "kind": "certificate",
        "object_id": OBJECT,
        "survivors": [],
        "client_request_id": "c",
    }
    await SqliteEvidence(sim.state, ManualClock(NOW - timedelta(days=40))).append("intent", old)
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "presumed", "closed")
