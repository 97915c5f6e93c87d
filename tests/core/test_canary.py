"""Guard G8, canary: what proves a version, for whom and for how long, and which PATCH holds up the next one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from support_core import NOW

from spentkey.core.canary import canary_key, patch_key, proof_key, refuse_patch, refuse_unproven
from spentkey.core.limits import FoldedPast
from spentkey.core.outcome import RemovalRoute

HOUR = timedelta(hours=1)
KEY, OTHER = "3c3c3c3c-0000-4000-8000-00000000000a", "3c3c3c3c-0000-4000-8000-00000000000b"


def record(what: str, at: datetime = NOW, **more: Any) -> dict[str, Any]:
    """A record of version 1.0 in the tenant production."""
    known = {"tenant": "production", "route": "removeKey", "program": "1.0", "key_id": KEY, "task": 40021}
    return {"what": what, "at": at.isoformat(), **known, **more}


def past(*records: dict[str, Any]) -> FoldedPast:
    """What is known after these records."""
    known = FoldedPast()
    for one in records:
        known.note(one)
    return known


def unproven(known: FoldedPast, tenant: str = "production", program: str = "1.0") -> bool:
    """Whether the next `removeKey` goes alone."""
    return refuse_unproven(known, tenant, RemovalRoute.REMOVE_KEY, program, NOW) is not None


def test_a_removal_that_was_verified_proves_its_version() -> None:
    """In its tenant and by its route; from then on all go at once."""
    known = past(record("verified", verdict="gone"))
    assert not unproven(known)
    assert refuse_unproven(known, "production", RemovalRoute.REMOVE_PASSWORD, "1.0", NOW) is not None
    assert (unproven(known, tenant="onderwijs"), unproven(known, program="2.0")) == (True, True)


@pytest.mark.parametrize("verdict", ["still-there", "cannot-tell", "survivor-lost"])
def test_another_verdict_proves_nothing(verdict: str) -> None:
    """The next one is the canary."""
    assert unproven(past(record("verified", verdict=verdict)))


@pytest.mark.parametrize("hours", [-25, -24, 0.1, 30])
def test_a_proof_counts_for_a_day_and_is_not_from_the_future(hours: float) -> None:
    """A clock that was wrong lifts nothing for as long as it was wrong."""
    assert unproven(past(record("verified", NOW + hours * HOUR, verdict="gone")))
    assert not unproven(past(record("verified", NOW - 23.9 * HOUR, verdict="gone")))


def test_an_older_version_that_names_no_program_proves_nothing() -> None:
    """Neither does one that was verified by this version and sent by an older one."""
    old = {
        name: value for name, value in record("verified", verdict="gone").items() if name not in ("route", "program")
    }
    assert (canary_key(old), canary_key(record("verified", verdict="gone", program=None))) == (None, None)


def test_reads_do_not_prove_a_patch() -> None:
    """Only the audit event does, and only where it shows exactly the plan."""
    patch: dict[str, Any] = {"route": "patch"}
    gone = past(record("verified", verdict="gone", **patch))
    more = past(record("witness", shows="more", **patch))
    ours = past(record("witness", shows="ours", **patch))
    found = [refuse_unproven(one, "production", RemovalRoute.PATCH, "1.0", NOW) is None for one in (gone, more, ours)]
    assert found == [False, False, True]


UNDER_WAY = {
    "sent": record("intent", route="patch"),
    "sent, and the reply lost": record("answer", route="patch", answer="lost"),
    "taken": record("answer", route="patch", answer="accepted"),
    "gone by reads": record("verified", route="patch", verdict="gone"),
    "unclear": record("verified", route="patch", verdict="cannot-tell"),
    "awaiting": record("awaiting-event", NOW - 1.9 * HOUR, route="patch", until=(NOW + 0.1 * HOUR).isoformat()),
}


@pytest.mark.parametrize("name", UNDER_WAY)
def test_the_next_patch_in_the_tenant_waits(name: str) -> None:
    """It is told which task is under way, and when to come again; one of the same credential is not in its own way."""
    known = past(UNDER_WAY[name])
    refused = refuse_patch(known, "production", "1.0", OTHER, NOW)
    assert refused is not None
    assert (refused.guard, refused.until, "40021" in refused.reason) == ("G8", NOW + timedelta(minutes=5), True)
    assert refuse_patch(known, "production", "1.0", KEY, NOW) is None
    assert refuse_patch(known, "onderwijs", "1.0", OTHER, NOW) is None


OVER = {
    "nothing was ever sent": [],
    "refused": [record("answer", route="patch", answer="forbidden")],
    "still there": [record("verified", route="patch", verdict="still-there")],
    "waited for in vain": [record("witness", route="patch", shows="not-yet")],
    "more went, and somebody resumed": [record("witness", route="patch", shows="more")],
    "hours ago": [record("intent", NOW - 2 * HOUR, route="patch")],
    "its time is over": [record("awaiting-event", NOW - HOUR, route="patch", until=NOW.isoformat())],
    "proven meanwhile": [UNDER_WAY["awaiting"], record("witness", route="patch", shows="ours"), UNDER_WAY["sent"]],
}


@pytest.mark.parametrize("name", OVER)
def test_what_is_over_holds_up_no_other(name: str) -> None:
    """The next one goes, alone again unless the version is proven."""
    assert refuse_patch(past(*OVER[name]), "production", "1.0", OTHER, NOW) is None


def test_a_patch_that_another_version_sent_holds_up_the_next_one_too() -> None:
    """It is in the same tenant; and what proves that version does not prove this one."""
    known = past(record("witness", route="patch", shows="ours", program="0.9"), UNDER_WAY["sent"])
    assert refuse_patch(known, "production", "1.0", OTHER, NOW) is not None


def test_records_of_older_versions_have_no_key() -> None:
    """So that a column that they never filled says what they say."""
    intent = {name: value for name, value in record("intent", route="patch").items() if name != "program"}
    assert (canary_key(intent), canary_key(record("intent", tenant=None, route="patch"))) == (None, None)
    assert canary_key(record("intent", route="patch")) == patch_key("production")


def test_keys_do_not_collide() -> None:
    """Whatever a tenant is called."""
    assert len({proof_key('a", "b', "c", "d"), proof_key("a", 'b", "c', "d"), patch_key("a"), patch_key("a b")}) == 4
