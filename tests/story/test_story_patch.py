"""The story on real parts: the fallback for a certificate without a valid signer, PATCH of the whole list."""

from datetime import timedelta
from typing import Any

import pytest
from fault_rules import fault
from real_simulator import RealSimulator, ShiftedClock
from worlds import APP, EXPIRED_CERT, EXPIRED_SECRET, LIVE_CERT, LIVE_SECRET, TASK, certificate_parameters, sales, world

from spentkey.core.outcome import Result

PATCH = {"SPENTKEY_POLICY__CERTIFICATE_FALLBACK": "patch"}
ROLES = ["Application.ReadWrite.All", "AuditLog.Read.All"]
WAITS = "removed as far as reads show; waiting for the directory's audit event until "


def no_signer(**application: Any) -> dict[str, Any]:
    """A certificate task whose application has no PFX in the vault, in a tenant that shows its audit log."""
    made = world(certificate_parameters(), entries=[], documents=[], application=application)
    made["tenants"][0]["clients"][0]["roles"] = ROLES
    return made


async def later(sim: RealSimulator, minutes: float) -> Result:
    """The next try, so long after the first one by every clock."""
    sim.step_clock(60 * minutes)
    return await sim.run(TASK, ShiftedClock(timedelta(minutes=minutes)), **PATCH)


def shown(sim: RealSimulator) -> set[str]:
    """The key ids that are really on the application."""
    held = sim.truth()["tenants"]["production"]["applications"][APP]
    return {one["key_id"] for one in held["passwords"] + held["certificates"]}


def what_was_read(entry: dict[str, Any]) -> str:
    """The route of a request, and which reads select the keys."""
    return "with keys" if "keyCredentials" in entry["path"] else entry["route"]


async def test_without_the_fallback_the_task_is_handed_over(sim: RealSimulator) -> None:
    """The default: nothing is removed, and the plan says that the fallback would free it."""
    sim.reset(no_signer())
    planned = await sim.plan(TASK)
    assert (planned.action.value, planned.fallback_would_free) == ("hand-off", True)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert "patch" not in sim.writes()


async def test_with_the_fallback_the_one_certificate_goes_and_all_others_stay(sim: RealSimulator) -> None:
    """The list is written again without it; the survivors are the very same entries."""
    sim.reset(no_signer())
    planned = await sim.plan(TASK, **PATCH)
    assert (planned.action.value, planned.fallback_would_free) == ("remove", False)
    first = await sim.run(TASK, None, **PATCH)
    assert (first.outcome, first.route, first.ticket.value) == ("cannot-tell", "patch", "open")
    result = await later(sim, 20)
    assert (result.outcome, result.route, result.attribution, result.ticket.value) == (
        "removed",
        "patch",
        "confirmed",
        "closed",
    )
    assert shown(sim) == {EXPIRED_SECRET, LIVE_SECRET, LIVE_CERT}
    assert sim.writes().count("patch") == 1
    assert (await sim.run(TASK, None, **PATCH)).as_json() == result.as_json()


async def test_the_last_certificate_is_removed_by_a_list_that_is_really_empty(sim: RealSimulator) -> None:
    """An empty list left out would be a silent no-op."""
    only = [one for one in sales()["certificates"] if one["key_id"] == EXPIRED_CERT]
    sim.reset(no_signer(certificates=only))
    await sim.run(TASK, None, **PATCH)
    result = await later(sim, 20)
    assert (result.outcome, result.route) == ("removed", "patch")
    assert shown(sim) == {EXPIRED_SECRET, LIVE_SECRET}
    (sent,) = [entry["body"] for entry in sim.journal() if entry["route"] == "patch"]
    assert sent == '{"keyCredentials": []}'


async def test_where_a_signer_is_at_hand_the_proof_is_used(sim: RealSimulator) -> None:
    """PATCH is only the fallback."""
    sim.reset(world(certificate_parameters()))
    assert (await sim.run(TASK, None, **PATCH)).route == "removeKey"


async def test_reads_must_agree_before_the_list_is_written(sim: RealSimulator) -> None:
    """As many spaced reads as for verification, all of the whole list with the keys, after one to look for a signer."""
    sim.reset(no_signer())
    await sim.run(TASK, None, **PATCH)
    reads = [what_was_read(entry) for entry in sim.journal()]
    before = reads[: reads.index("patch")]
    assert (before.count("batch"), before.count("with keys")) == (1, 1 + 3)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "504", "503", "429", "409"])
async def test_a_list_is_never_written_again_without_new_reads(sim: RealSimulator, kind: str, when: str) -> None:
    """A lost or refused PATCH is looked up; the repeat comes after reads that still show it, and after new looks."""
    sim.reset(no_signer())
    sim.faults(fault("graph", "patch", kind, when, nth=1))
    await sim.run(TASK, None, **PATCH)
    result = await later(sim, 40)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
    assert shown(sim) == {EXPIRED_SECRET, LIVE_SECRET, LIVE_CERT}
    routes = [what_was_read(entry) for entry in sim.journal()]
    assert routes.count("patch") == (1 if when == "after" else 2)
    if when == "before":
        first = routes.index("patch")
        between = routes[first + 1 : routes.index("patch", first + 1)]
        assert (between.count("read-application"), between.count("with keys")) == (3, 3)


async def test_a_patch_that_is_refused_is_handed_over(sim: RealSimulator) -> None:
    """The automation may not change this application."""
    sim.reset(no_signer(owners_only=True))
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert shown(sim) == {EXPIRED_SECRET, LIVE_SECRET, LIVE_CERT, EXPIRED_CERT}


async def test_a_patch_that_did_nothing_is_found_out(sim: RealSimulator) -> None:
    """204 is no proof."""
    sim.reset(no_signer())
    sim.faults(fault("graph", "patch", "noop"))
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert "still there" in (result.reason or "")
