"""`spentkey evidence show` after whole runs against the simulator: a person reads what happened, and what proves it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, fits, spentkey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from evidence_store import keep, lines_in, put_lines, snapshot
from fault_rules import fault
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import (
    APP,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_CERT,
    LIVE_SECRET,
    TASK,
    certificate_parameters,
    parameters,
    world,
)

from spentkey.bootstrap.context import context_for
from spentkey.core.checkpoint import VerifierKey, checkpoint_text, signed_note
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree
from spentkey.system import SystemClock

SIGNED_AT = datetime(2026, 7, 1, tzinfo=UTC)


def show(sim: RealSimulator, home: Path, name: object, *arguments: str, **more: str) -> Ended:
    """Run the command on the simulator's configuration."""
    return spentkey("evidence", "show", str(name), "--config", str(sim.config), *arguments, home=home, **more)


def shown(sim: RealSimulator, home: Path, name: object = TASK) -> dict[str, Any]:
    """The object that it prints."""
    message = show(sim, home, name, "--json")
    assert message.code == 0, message.err
    value = message.json()
    fits(value, "evidence-show.schema.json")
    return value


def codes(value: dict[str, Any]) -> list[str]:
    """The steps, in order."""
    return [one["code"] for one in value["steps"]]


def words(value: dict[str, Any]) -> str:
    """Everything that it says."""
    return " ".join(one["text"] for one in value["steps"])


async def sign(sim: RealSimulator) -> None:
    """A checkpoint over what is on record now."""
    evidence = SqliteEvidence(sim.state, SystemClock())
    tree, made = SqliteTree(evidence), Ed25519PrivateKey.generate()
    key = VerifierKey("spentkey/test", made.public_key().public_bytes_raw())
    head = await tree.head()
    text = checkpoint_text(await tree.origin(), head)
    await tree.keep_checkpoint(head.size, signed_note(text, [(key, made.sign(text.encode()))]), SIGNED_AT)
    evidence.close()


def asked_by(login: str) -> dict[str, Any]:
    """The world whose desk shows who asked."""
    made = world()
    made["ivanti"]["requests"][0]["created_by"] = login
    return made


async def test_a_removed_secret_is_told_from_the_request_to_the_close(sim: RealSimulator, tmp_path: Path) -> None:
    """Who asked for it, what was judged, sent, answered and read, what survived, and what the ticket says."""
    sim.reset(asked_by("JJansen"))
    result = await sim.run(TASK)
    value = shown(sim, tmp_path)
    assert codes(value) == [
        *("asked", "request", "requested-by", "approver-not-shown", "judged", "survivors", "sent"),
        *("answer-accepted", "request-id", "read-gone", "event-none", "noting", "noted", "closing", "closed"),
        *("result", "confirmed"),
    ]
    for one in (str(TASK), "10196", "JJansen", EXPIRED_SECRET, APP, LIVE_SECRET, LIVE_CERT, "production", "30 days"):
        assert one in words(value)
    assert shown(sim, tmp_path, result.evidence) == value


async def test_a_removed_certificate_names_the_one_that_signed(sim: RealSimulator, tmp_path: Path) -> None:
    """By its key id; the desk's own workflow is nobody who asked."""
    sim.reset(world(certificate_parameters()))
    await sim.run(TASK)
    value = shown(sim, tmp_path)
    (signer,) = [one for one in value["steps"] if one["code"] == "signer"]
    assert signer["parameters"] == {"signer": LIVE_CERT}
    assert (value["route"], value["key_id"], "requester-not-shown" in codes(value)) == ("removeKey", EXPIRED_CERT, True)


async def test_a_hand_over_names_guard_reason_and_team(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing was sent, and nothing says that anything was."""
    sim.reset(world(parameters(SecretID=LIVE_SECRET)))
    result = await sim.run(TASK)
    value = shown(sim, tmp_path)
    assert codes(value) == [
        "asked",
        "refused",
        "handing-over",
        "noting",
        "noted",
        "reassigning",
        "handed-over",
        "result",
    ]
    assert (value["guard"], value["ticket"], value["reason"]) == ("G5", "handed-off", result.reason)
    assert "Systeemsoftware" in words(value)


async def test_a_request_that_cannot_be_read_is_shown_by_its_task(sim: RealSimulator, tmp_path: Path) -> None:
    """The credential is not known, and the reason says which field it was."""
    sim.reset(world(parameters(SecretID="none")))
    await sim.run(TASK)
    value = shown(sim, tmp_path)
    assert (codes(value)[:2], value["key_id"]) == (["asked-for-what", "refused"], None)
    assert "SecretID" in words(value)


async def lose(sim: RealSimulator, key_id: str) -> None:
    """Somebody else removes another secret of the application."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        directory = await context.directories.open(context.rules.tenants[0])
        application = (await directory.look(APP)).application
        assert application is not None
        await directory.remove_secret(application, key_id, context.ids.new())


async def test_a_lost_survivor_is_named_with_what_is_stopped(sim: RealSimulator, tmp_path: Path) -> None:
    """In the try that found out, after the one that an outage ended."""
    sim.faults(fault("graph", "read-application", "503"))
    await sim.run(TASK)
    sim.faults()
    await lose(sim, LIVE_SECRET)
    await sim.run(TASK)
    value = shown(sim, tmp_path)
    found = codes(value)
    assert [one for one in found if one in ("sent", "another-try", "survivor-lost", "stopped", "handed-over")] == [
        *("sent", "another-try", "survivor-lost", "stopped", "handed-over")
    ]
    (lost,) = [one for one in value["steps"] if one["code"] == "survivor-lost"]
    assert lost["parameters"] == {"lost": [f"secret {LIVE_SECRET}"]}
    assert value["outcome"] == "failed"


async def test_a_crash_and_the_try_that_went_on_are_one_removal(sim: RealSimulator, tmp_path: Path) -> None:
    """Of the first only the intent is on record; the second finds it gone and closes the task."""
    sim.faults(fault("graph", "read-application", "503"))
    first = await sim.run(TASK)
    sim.faults()
    keep(sim.state, 1)
    second = await sim.run(TASK)
    assert (second.outcome, second.attribution) == ("removed", "presumed")
    value = shown(sim, tmp_path, second.evidence)
    assert [one for one in codes(value) if one in ("sent", "interrupted", "closed", "presumed")] == [
        *("sent", "interrupted", "closed", "presumed")
    ]
    assert (value["evidence"], show(sim, tmp_path, first.evidence).code) == (second.evidence, 2)


async def test_each_record_has_its_proof(sim: RealSimulator, tmp_path: Path) -> None:
    """By the newest checkpoint; what came after it is not proven yet."""
    await sim.run(TASK)
    assert {one["proof"] for one in shown(sim, tmp_path)["steps"]} == {"no-checkpoint"}
    await sign(sim)
    value = shown(sim, tmp_path)
    assert ({one["proof"] for one in value["steps"]}, value["holds"]) == ({"holds"}, True)
    assert value["checkpoint"]["size"] == len(sim.evidence())
    await sim.run(TASK)
    assert shown(sim, tmp_path)["checkpoint"] == value["checkpoint"]


async def test_a_record_that_is_not_the_one_that_was_signed_is_for_people(sim: RealSimulator, tmp_path: Path) -> None:
    """The end was cut off: exit code 3, with the timeline all the same."""
    await sim.run(TASK)
    await sign(sim)
    keep(sim.state, 3)
    message = show(sim, tmp_path, TASK, "--json")
    value = message.json()
    fits(value, "evidence-show.schema.json")
    assert (message.code, value["holds"], {one["proof"] for one in value["steps"]}) == (3, False, {"fails"})
    assert "is not what was signed" in message.err


async def test_people_read_it_without_the_code(sim: RealSimulator, tmp_path: Path) -> None:
    """What it is about, each step with its time and the gap before it, and what is proven; narrow or wide."""
    sim.reset(asked_by("JJansen"))
    await sim.run(TASK)
    await sign(sim)
    for columns in ("140", "80"):
        message = show(sim, tmp_path, TASK, COLUMNS=columns)
        for one in ("credential   secret", "application  Sales", "removed, confirmed", "JJansen", "+0.", "proven"):
            assert one in message.out, one
        assert message.code == 0
    assert "records are proven by the newest checkpoint of spentkey/" in message.out


async def test_without_a_checkpoint_people_read_how_to_get_one(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing is called proven."""
    await sim.run(TASK)
    assert "No checkpoint was signed yet" in show(sim, tmp_path, TASK).out


async def test_showing_writes_nothing_and_asks_nobody(sim: RealSimulator, tmp_path: Path) -> None:
    """Neither the store nor any system hears of it."""
    await sim.run(TASK)
    before, asked = snapshot(sim.state), len(sim.journal())
    shown(sim, tmp_path)
    assert (snapshot(sim.state), len(sim.journal())) == (before, asked)


@pytest.mark.parametrize("name", ["40022", "nobody", "0", "5ff382ee-6b0d-4f53-8a39-0d7c4be1f001", "\u202eabc"])
async def test_an_unknown_name_is_one_line(sim: RealSimulator, tmp_path: Path, name: str) -> None:
    """Exit code 2; what cannot be seen is not repeated."""
    await sim.run(TASK)
    message = show(sim, tmp_path, name)
    (line,) = message.complaints()
    assert (message.code, "nothing is on record by the name" in line, "\u202e" in line) == (2, True, False)


async def test_evidence_that_does_not_hold_is_for_people(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit code 3, and nothing of it is shown."""
    await sim.run(TASK)
    put_lines(sim.state, [line.replace("204 No Content", "200 OK") for line in lines_in(sim.state)])
    message = show(sim, tmp_path, TASK, "--json")
    assert (message.code, len(message.complaints())) == (3, 1)


def test_without_a_name_the_usage_is_shown(tmp_path: Path) -> None:
    """Exit code 2."""
    message = spentkey("evidence", "show", home=tmp_path)
    assert (message.code, "Missing argument 'ID'" in message.complaints()[-1]) == (2, True)
