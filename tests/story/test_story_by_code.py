"""The story where Graph or sign-in answers with a code that decides: tried again, looked into, or said to people."""

from typing import Any

import pytest
from fault_rules import assert_nothing_unmeant, fault
from real_simulator import RealSimulator
from worlds import APP, EXPIRED_CERT, EXPIRED_SECRET, TASK, certificate_parameters, parameters, world

BUSY = "Directory_ConcurrencyViolation"
PATCH = {"SPENTKEY_POLICY__CERTIFICATE_FALLBACK": "patch"}
ASKED = {"removePassword": (EXPIRED_SECRET, parameters()), "removeKey": (EXPIRED_CERT, certificate_parameters())}


def no_principal() -> dict[str, Any]:
    """A certificate task whose application cannot sign in, though the vault holds what would sign."""
    return world(certificate_parameters(), application={"service_principal": None})


@pytest.mark.parametrize("status", ["400", "409"])
@pytest.mark.parametrize("route", ASKED)
async def test_a_write_at_odds_with_another_is_tried_again(sim: RealSimulator, route: str, status: str) -> None:
    """The code says that nothing was done, whatever the status."""
    key_id, asked = ASKED[route]
    sim.reset(world(asked))
    sim.faults(fault("graph", route, status, times=2, params={"code": BUSY}))
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "confirmed", "closed"), (
        result.reason
    )
    assert sim.writes().count(route) == 3
    assert_nothing_unmeant(sim, key_id)


ONCE: dict[str, dict[str, Any]] = {
    "404": {"kind": "404"},
    "404 of the directory": {"kind": "404", "params": {"code": "Directory_ObjectNotFound"}},
    "404 page": {"kind": "404", "params": {"html": True}},
    "403 page": {"kind": "403", "params": {"html": True}},
    "400 page": {"kind": "400", "params": {"html": True}},
    "409 page": {"kind": "409", "params": {"html": True}},
    "503 page": {"kind": "503", "params": {"html": True}},
    "502 page": {"kind": "502", "params": {"html": True}},
    "reset": {"kind": "reset"},
}


@pytest.mark.parametrize("answer", ONCE)
@pytest.mark.parametrize("route", ASKED)
async def test_after_an_answer_that_does_not_say_reads_decide(sim: RealSimulator, route: str, answer: str) -> None:
    """The key still shows, so the removal is sent once more, and only once."""
    key_id, asked = ASKED[route]
    sim.reset(world(asked))
    sim.faults(fault("graph", route, "", times=1) | ONCE[answer])
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
    assert sim.writes().count(route) == 2
    assert_nothing_unmeant(sim, key_id)


@pytest.mark.parametrize("answer", ONCE)
async def test_an_answer_that_never_says_is_for_people(sim: RealSimulator, answer: str) -> None:
    """After the one repeat the credential is still there, and the note says what Graph answered."""
    sim.faults(fault("graph", "removePassword", "") | ONCE[answer])
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3), result.reason
    assert "still there" in (result.reason or "")
    assert sim.writes().count("removePassword") == 2
    assert sim.removals() == []


@pytest.mark.parametrize("answer", ["404", "503 page", "403 page", "reset"])
async def test_a_removal_behind_such_an_answer_is_found(sim: RealSimulator, answer: str) -> None:
    """It took effect, so it is not sent again."""
    sim.faults(fault("graph", "removePassword", "", when="after") | ONCE[answer])
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
    assert sim.writes().count("removePassword") == 1
    assert_nothing_unmeant(sim, EXPIRED_SECRET)


async def test_a_404_once_among_the_reads_is_no_absence(sim: RealSimulator) -> None:
    """An application that was just read is not gone."""
    sim.faults(fault("graph", "batch:read-application", "404", times=1))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason


async def test_a_refused_certificate_removal_names_the_application(sim: RealSimulator) -> None:
    """It asked with its own token, so the automation's rights do not matter; the fallback is named."""
    sim.reset(world(certificate_parameters()))
    sim.faults(fault("graph", "removeKey", "403"))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert APP in (result.reason or "")
    assert 'policy.certificate_fallback = "patch"' in (result.reason or "")
    assert "the automation needs" not in (result.reason or "")
    (note,) = sim.task(TASK)["notes"]
    assert "allow the application to change its own credentials" in note["body"]
    assert sim.removals() == []


async def test_a_refused_secret_removal_names_the_automation(sim: RealSimulator) -> None:
    """It asked with the automation's token."""
    sim.faults(fault("graph", "removePassword", "403"))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert "the automation needs Application.ReadWrite.All" in (result.reason or "")
    assert sim.removals() == []


async def test_no_service_principal_is_said_at_once(sim: RealSimulator) -> None:
    """It was seen beside the application: no key is fetched, no sign-in tried, nothing written to Graph."""
    sim.reset(no_principal())
    planned = await sim.plan(TASK)
    assert (planned.action.value, planned.fallback_would_free) == ("hand-off", True)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert "has no service principal" in (result.reason or "")
    assert "create the application's service principal" in sim.task(TASK)["notes"][0]["body"]
    routes = [entry["route"] for entry in sim.journal() if entry["object"] == APP]
    assert not {"token", "search", "document", "removeKey"} & set(routes)


async def test_no_service_principal_is_what_the_fallback_is_for(sim: RealSimulator) -> None:
    """Where it is allowed, the list is written again without the one."""
    made = no_principal()
    made["tenants"][0]["clients"][0]["roles"] = ["Application.ReadWrite.All", "AuditLog.Read.All"]
    sim.reset({**made, "entra": {"audit_delay_s": 0}})
    await sim.run(TASK, None, **PATCH)
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.route, result.ticket.value) == ("removed", "patch", "closed"), result.reason
    assert_nothing_unmeant(sim, EXPIRED_CERT)


async def test_a_secret_needs_no_service_principal(sim: RealSimulator) -> None:
    """The automation removes it with its own token."""
    sim.reset(world(application={"service_principal": None}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason


@pytest.mark.parametrize(
    ("number", "words"), [(7000112, "disabled"), (53003, "conditional access"), (7000229, "az ad sp")]
)
async def test_an_application_that_may_not_sign_in_goes_to_people(sim: RealSimulator, number: int, words: str) -> None:
    """With the cause, and nothing removed."""
    sim.reset(world(certificate_parameters()))
    sim.faults(fault("login", "token", "400", object=APP, params={"aadsts": number}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert words in (result.reason or "")
    assert sim.removals() == []


@pytest.mark.parametrize("number", [90033, 90024])
async def test_a_bad_hour_of_sign_in_leaves_the_task_open(sim: RealSimulator, number: int) -> None:
    """Under 400 too: another try ends it."""
    sim.reset(world(certificate_parameters()))
    sim.faults(fault("login", "token", "400", object=APP, params={"aadsts": number}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "open", 4)
    sim.faults()
    assert (await sim.run(TASK)).ticket.value == "closed"
